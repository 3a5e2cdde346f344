"""Training a LoRA adapter with `transformers.Trainer` and `peft`."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftConfig, PeftModel
from peft.helpers import disable_input_dtype_casting
from transformers import PrinterCallback, TrainerCallback, TrainerState, TrainingArguments, set_seed

from utils.finetuning.checkpoints import KEPT, Stopwatch, claim_folder, newest_whole
from utils.finetuning.examples import (
    MAX_TOKENS,
    Example,
    encode_all,
    encode_passes,
    examples_sha256,
    pad_batch,
    padded_batches,
)
from utils.finetuning.losses import mean_answer_loss
from utils.finetuning.progress import ProgressLine
from utils.finetuning.shared_model import add_adapter, answer_in_the_precision_of_the_base, replacing
from utils.finetuning.stopping import EarlyStopping, development_losses, pass_ends
from utils.finetuning.trainer import AnswerTrainer
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
    development_losses: list[float]  # one for each pass, if there were development examples
    seconds: float  # with those of the calls that were resumed, up to their checkpoints
    trained_tokens: int  # in the passes that were made
    trainable_parameters: int
    examples_sha256: str
    config: PeftConfig  # the one in the model, as long as no other adapter takes its name


def lora_config(settings: LoraSettings) -> LoraConfig:
    """Return the settings in peft's form."""
    targets = settings.target_modules if isinstance(settings.target_modules, str) else list(settings.target_modules)
    return LoraConfig(r=settings.rank, lora_alpha=settings.alpha, target_modules=targets, task_type="CAUSAL_LM")


def train_adapter(
    generator: Generator,
    passes: list[list[Example]],
    settings: LoraSettings,
    *,
    name: str,
    show_progress: bool = True,
    development: list[Example] | None = None,
    patience: int = 2,
    checkpoints: Path | None = None,
    checkpoint_steps: int = 50,
) -> TrainingRun:
    """Train a new LoRA adapter; the base weights stay frozen and shared.

    Each pass is a list of examples that is learned once, in batches of similar length and random order; `[examples] *
    3` is what others call three epochs. The adapter is called `name` inside the generator's model, which other
    generators may share; one of that name is replaced, so that a notebook's cell can be run again. All other adapters
    and the base model answer as before. If training fails or is interrupted, the model's adapters are what they were.

    With `development` examples the mean loss of their answers' tokens is measured after each pass; training stops after
    `patience` passes in a row without improvement, and the best pass's adapter is kept.

    With a folder for `checkpoints` one is written there every `checkpoint_steps` steps and at the end, and the last two
    are kept. A call for the same run goes on from the newest whole one, with the batches in the same order. Optimizer
    and random state are pickles written by torch.save (and read with weights_only): use a folder of your own, never one
    from others.

    Raises ValueError for no examples, a bad example, and a folder that belongs to another run; OSError when a
    checkpoint cannot be written. Earlier checkpoints then stay whole.
    """
    if patience < 1 or checkpoint_steps < 1:
        raise ValueError(f"patience ({patience}) and checkpoint_steps ({checkpoint_steps}) must be 1 or more.")
    if development is not None and not development:
        raise ValueError("There are no development examples: leave `development` out, or give some.")
    tokenizer, longest = generator.tokenizer, min(MAX_TOKENS, generator.context_tokens)
    encoded = encode_passes(passes, tokenizer, longest, settings.batch_size, settings.seed)
    tried = encode_all(development or [], tokenizer, longest)
    newest = None
    if checkpoints is not None:
        claim_folder(checkpoints, describe_run(generator, passes, settings, development, patience))
        newest = newest_whole(checkpoints)
    with replacing(generator, name):
        set_seed(settings.seed)
        model = add_adapter(generator, lora_config(settings), name)
        trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        stopwatch = Stopwatch()
        callbacks: list[TrainerCallback] = [ProgressLine(show_progress), stopwatch]
        stopping = None
        if development:
            batches = padded_batches(tried, settings.batch_size, tokenizer.pad_token_id)
            ends = pass_ends([len(examples) for examples in passes], settings.batch_size)
            stopping = EarlyStopping(lambda: mean_answer_loss(model, batches), ends, patience, name)
            callbacks.append(stopping)
        with tempfile.TemporaryDirectory() as scratch:
            arguments = training_arguments(scratch, settings, model.device)
            if checkpoints is not None:
                arguments.output_dir = str(checkpoints)
                arguments.set_save(strategy="steps", steps=checkpoint_steps, total_limit=KEPT)
            if stopping and newest:
                stopping.resume_from(newest)
            state = run_trainer(model, arguments, encoded, tokenizer.pad_token_id, callbacks, newest)
        if stopping:
            stopping.restore_best(model)
        answer_in_the_precision_of_the_base(model)
    return TrainingRun(
        generator=Generator(model, tokenizer, generator.name, adapter=name),
        settings=settings,
        losses=[entry["loss"] for entry in state.log_history if "loss" in entry],
        development_losses=development_losses(state),
        seconds=stopwatch.seconds(),
        trained_tokens=sum(len(one["input_ids"]) for one in encoded[: state.global_step * settings.batch_size]),
        trainable_parameters=trainable,
        examples_sha256=examples_sha256([example for of_pass in passes for example in of_pass]),
        config=model.peft_config[name],
    )


def run_trainer(
    model: PeftModel,
    arguments: TrainingArguments,
    encoded: list[dict[str, list[int]]],
    pad_token_id: int,
    callbacks: list[TrainerCallback],
    checkpoint: Path | None,
) -> TrainerState:
    """Train the active adapter on the encoded examples, from a checkpoint on if given; return the final state."""
    trainer = AnswerTrainer(
        model.dtype,
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(encoded),
        data_collator=lambda batch: pad_batch(batch, pad_token_id),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    with disable_input_dtype_casting(model):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.state


def describe_run(
    generator: Generator,
    passes: list[list[Example]],
    settings: LoraSettings,
    development: list[Example] | None,
    patience: int,
) -> dict[str, Any]:
    """Return what a run's checkpoints depend on, to tell it from other runs."""
    return {
        "base model": generator.name,
        "precision": str(generator.model.dtype).removeprefix("torch."),
        "settings": asdict(settings),
        "examples": examples_sha256([example for of_pass in passes for example in of_pass]),
        "pass sizes": [len(examples) for examples in passes],
        "development examples": None if development is None else examples_sha256(development),
        "patience": None if development is None else patience,
    }


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
