"""The Trainer as this course uses it."""

from pathlib import Path
from typing import Any

import torch
from peft.utils import SAFETENSORS_WEIGHTS_NAME
from transformers import Trainer

from utils.finetuning.attention import training_attention
from utils.finetuning.losses import loss_in_precision
from utils.finetuning.tensors import adapter_tensors, write_tensors


class AnswerTrainer(Trainer):
    """A Trainer that counts the answers' tokens only, and whose checkpoints hold the trained adapter only.

    `precision` is that of the products in the loss (see `loss_in_precision`).
    """

    loss_is_scaled_for_ga = False

    def __init__(self, precision: torch.dtype, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.precision = precision

    def train(self, *arguments: Any, **options: Any) -> Any:
        """Train as the Trainer does, with the attention that is fast for it (see `training_attention`)."""
        with training_attention(self.model):
            return super().train(*arguments, **options)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return the loss of one batch."""
        loss = loss_in_precision(self.accelerator.unwrap_model(model), inputs, self.precision)
        return (loss, {}) if return_outputs else loss

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the adapter's weights in full precision and its configuration, as PEFT reads them.

        The Trainer itself would write, and on resuming load, every adapter that happens to share the model.
        """
        folder, name = Path(output_dir or self.args.output_dir), self.model.active_adapter
        folder.mkdir(parents=True, exist_ok=True)
        write_tensors(adapter_tensors(self.model, name), folder / SAFETENSORS_WEIGHTS_NAME)
        self.model.peft_config[name].save_pretrained(folder)
