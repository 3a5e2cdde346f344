"""Training a LoRA adapter with `transformers.Trainer` and `peft`."""

import tempfile
import time
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from peft.helpers import disable_input_dtype_casting
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainingArguments, set_seed

from utils.finetuning.examples import Example, encode, examples_sha256, in_batches_of_similar_length, pad_batch
from utils.finetuning.progress import ProgressLine
from utils.models import Generator


@dataclass(frozen=True)
class LoraSettings:
    """How an adapter is trained. The learning rate rises over the first tenth of the steps, then falls to zero."""

    rank: int = 16
    alpha: int = 32
    target_modules: str | tuple[str, ...] = "all-linear"
    learning_rate: float = 1e-3
    batch_size: int = 8
    seed: int = 0


@dataclass(frozen=True)
class TrainingRun:
    """A trained adapter, ready to answer, and the record of its training."""

    generator: Generator
    settings: LoraSettings
    losses: list[float]  # one for each optimiser step
    seconds: float
    trained_tokens: int
    trainable_parameters: int
    examples_sha256: str


def label_loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean cross-entropy at the labelled positions only.

    The logits over the whole vocabulary (49,152 wide here) are the largest tensor of a step, and most positions are
    prompt: so only those hidden states whose next token is labelled reach the output layer.
    """
    causal = model.get_base_model() if isinstance(model, PeftModel) else model
    states = causal.base_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    next_labels = batch["labels"][:, 1:]
    labelled = next_labels >= 0
    logits = causal.get_output_embeddings()(states.last_hidden_state[:, :-1][labelled])
    return cross_entropy(logits.float(), next_labels[labelled])


class AnswerTrainer(Trainer):
    """A Trainer whose loss is `label_loss`, computed in the precision of the base model's weights.

    The adapter's own weights are float32, so that small updates are not rounded away; autocast lowers them for each
    product. (The Trainer's autocast wraps the model's `forward`, which `label_loss` does not call.)
    """

    loss_is_scaled_for_ga = False

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return the loss of one batch."""
        plain = self.accelerator.unwrap_model(model)
        lower = plain.dtype != torch.float32
        with torch.autocast(plain.device.type, dtype=plain.dtype if lower else None, enabled=lower):
            loss = label_loss(plain, inputs)
        return (loss, {}) if return_outputs else loss


def add_adapter(model: PreTrainedModel | PeftModel, settings: LoraSettings, name: str) -> PeftModel:
    """Return the model with a fresh, active adapter; its B matrices are zero, so it changes nothing yet."""
    targets = settings.target_modules if isinstance(settings.target_modules, str) else list(settings.target_modules)
    config = LoraConfig(r=settings.rank, lora_alpha=settings.alpha, target_modules=targets, task_type="CAUSAL_LM")
    if not isinstance(model, PeftModel):
        return get_peft_model(model, config, adapter_name=name)
    model.add_adapter(name, config)
    model.set_adapter(name)
    return model


def train_adapter(
    generator: Generator, passes: list[list[Example]], settings: LoraSettings, *, name: str, show_progress: bool = True
) -> TrainingRun:
    """Train a new LoRA adapter; the base weights stay frozen and shared.

    Each pass is a list of examples that is learned once, in batches of similar length and random order; `[examples] *
    3` is what others call three epochs. The adapter is called `name` inside the shared model. Raises ValueError for no
    examples, a bad example, or a name that is already taken.
    """
    if not passes or not all(passes):
        raise ValueError("There are no examples to train on, or a pass is empty.")
    if name in getattr(generator.model, "peft_config", {}):
        raise ValueError(f"An adapter named {name!r} is already loaded into this model: choose another name.")
    encoded = []
    for number, examples in enumerate(passes):
        of_pass = [encode(example, generator.tokenizer) for example in examples]
        encoded += in_batches_of_similar_length(of_pass, settings.batch_size, settings.seed + number)
    set_seed(settings.seed)
    model = add_adapter(generator.model, settings, name)
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    progress = ProgressLine(show_progress)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        trainer = AnswerTrainer(
            model=model,
            args=training_arguments(scratch, settings, generator.model.device),
            train_dataset=Dataset.from_list(encoded),
            data_collator=lambda batch: pad_batch(batch, generator.tokenizer.pad_token_id),
            callbacks=[progress],
        )
        trainer.remove_callback(PrinterCallback)
        with disable_input_dtype_casting(model):
            trainer.train()
    answer_in_the_precision_of_the_base(model)
    return TrainingRun(
        generator=Generator(model, generator.tokenizer, generator.name, adapter=name),
        settings=settings,
        losses=[entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
        seconds=time.perf_counter() - started,
        trained_tokens=sum(len(one["input_ids"]) for one in encoded),
        trainable_parameters=trainable,
        examples_sha256=examples_sha256([example for of_pass in passes for example in of_pass]),
    )


def answer_in_the_precision_of_the_base(model: PeftModel) -> None:
    """Make a trained model ready for answering, its adapters in the precision of the base weights."""
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(model.dtype)
            parameter.grad = None
    model.eval()


def training_arguments(folder: str, settings: LoraSettings, device: torch.device) -> TrainingArguments:
    """Return the Trainer's arguments: examples in the given order, every loss logged, nothing written or reported."""
    on_gpu = device.type == "cuda"
    bf16 = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    return TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=settings.batch_size,
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=0.1,
        weight_decay=0.0,
        train_sampling_strategy="sequential",
        seed=settings.seed,
        bf16=bf16,
        fp16=on_gpu and not bf16,
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
        remove_unused_columns=False,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
