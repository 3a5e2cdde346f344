"""The loss that an adapter is trained on and judged by: cross-entropy at the answers' tokens."""

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy

from utils.finetuning.examples import IGNORED


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


def loss_in_precision(model: torch.nn.Module, batch: dict[str, torch.Tensor], precision: torch.dtype) -> torch.Tensor:
    """Return `label_loss`, its products computed in a precision, which is that of the base model's weights.

    The weights that are trained are float32, so that small updates are not rounded away; autocast lowers them for each
    product. (The Trainer's autocast wraps the model's `forward`, which `label_loss` does not call.)
    """
    lower = precision != torch.float32
    with torch.autocast(model.device.type, dtype=precision if lower else None, enabled=lower):
        return label_loss(model, batch)


def mean_answer_loss(model: torch.nn.Module, batches: list[dict[str, torch.Tensor]]) -> float:
    """Return the mean cross-entropy over all answer tokens of all batches, each token counting the same."""
    model.eval()
    total, tokens = 0.0, 0
    with torch.no_grad():
        for batch in batches:
            on_device = {key: value.to(model.device) for key, value in batch.items()}
            labelled = int((batch["labels"][:, 1:] != IGNORED).sum())
            total += labelled * float(loss_in_precision(model, on_device, model.dtype))
            tokens += labelled
    return total / tokens
