"""Training all weights of a copy of the model, to compare with an adapter: what "fine-tuning" meant before LoRA."""

import copy
import tempfile

from datasets import Dataset
from peft import PeftModel
from transformers import PrinterCallback, set_seed

from utils.finetuning.examples import MAX_TOKENS, Example, encode_passes, pad_batch
from utils.finetuning.trainer import AnswerTrainer
from utils.finetuning.training import LoraSettings, training_arguments
from utils.models import Generator


def train_all_weights(
    generator: Generator, passes: list[list[Example]], *, learning_rate: float, batch_size: int = 8, seed: int = 0
) -> Generator:
    """Train every weight of a copy of the model; return a generator with the copy, in the precision of the original.

    The copy learns in float32, as small updates would be rounded away: with gradients and Adam's two averages that is
    16 bytes for each weight. Raises ValueError for a generator with adapters, for no examples and for a bad example.
    """
    if isinstance(generator.model, PeftModel):
        raise ValueError("The model holds adapters: train all weights of a plain base model (see remove_adapter).")
    longest = min(MAX_TOKENS, generator.context_tokens)
    encoded = encode_passes(passes, generator.tokenizer, longest, batch_size, seed)
    set_seed(seed)
    model = copy.deepcopy(generator.model).float().requires_grad_(True)
    schedule = LoraSettings(learning_rate=learning_rate, batch_size=batch_size, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        trainer = AnswerTrainer(
            generator.model.dtype,
            model=model,
            args=training_arguments(scratch, schedule, model.device),
            train_dataset=Dataset.from_list(encoded),
            data_collator=lambda batch: pad_batch(batch, generator.tokenizer.pad_token_id),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    model.zero_grad(set_to_none=True)
    return Generator(model.to(generator.model.dtype).eval(), generator.tokenizer, generator.name)
