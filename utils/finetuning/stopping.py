"""Early stopping: after each pass the adapter is tried on development examples, and the best one is kept."""

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, set_peft_model_state_dict
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from utils.finetuning.checkpoints import checkpoint_folder
from utils.finetuning.tensors import adapter_tensors, read_tensors, write_tensors

BEST_FILE = "best_adapter.safetensors"
LOG_KEY = "development_loss"


def pass_ends(sizes: list[int], batch_size: int) -> set[int]:
    """Return the steps in which the passes' last examples are learned; `sizes` counts each pass's examples.

    Batches are cut without regard to passes, so such a step may hold the next pass's first examples, too.
    """
    return {-(-learned // batch_size) for learned in accumulate(sizes)}


def development_losses(state: TrainerState) -> list[float]:
    """Return the development losses so far. They stand in the Trainer's log, which every checkpoint holds."""
    return [entry[LOG_KEY] for entry in state.log_history if LOG_KEY in entry]


class EarlyStopping(TrainerCallback):
    """Ends training after `patience` development losses in a row that are no better than the best one before them.

    `measure` gives the development loss, and `ends` are the steps after which it is asked for.
    """

    def __init__(self, measure: Callable[[], float], ends: set[int], patience: int, adapter: str) -> None:
        self.measure = measure
        self.ends = ends
        self.patience = patience
        self.adapter = adapter
        self.best: dict[str, torch.Tensor] = {}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: PeftModel, **kwargs: Any
    ) -> None:
        """Measure if a pass has ended, and put the best adapter into the checkpoint that is about to be written."""
        if state.global_step in self.ends:
            state.log_history.append({LOG_KEY: self.measure(), "step": state.global_step})
            losses = development_losses(state)
            without_improvement = len(losses) - 1 - losses.index(min(losses))
            if without_improvement == 0:
                self.best = adapter_tensors(model, self.adapter)
            elif without_improvement >= self.patience:
                control.should_training_stop = True
                control.should_save = False  # a run that resumed from here would make one step more
        if control.should_save and self.best:
            checkpoint = checkpoint_folder(args, state)
            checkpoint.mkdir(parents=True, exist_ok=True)
            write_tensors(self.best, checkpoint / BEST_FILE)

    def resume_from(self, checkpoint: Path) -> None:
        """Take up the best adapter so far from a checkpoint; a run's first ones, before a pass has ended, hold none."""
        if (checkpoint / BEST_FILE).is_file():
            self.best = read_tensors(checkpoint / BEST_FILE)

    def restore_best(self, model: PeftModel) -> None:
        """Put the best adapter's weights back into the model."""
        set_peft_model_state_dict(model, self.best, adapter_name=self.adapter)
