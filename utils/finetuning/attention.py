"""Attention for training on a CPU: only the causal half of the scores, and all of it in the model's own precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import dropout as drop
from torch.nn.functional import softmax
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

CAUSAL_BLOCKS = "causal_blocks"
BLOCK = 128  # queries


def attend_in_causal_blocks(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Return softmax(scaling · Q Kᵀ + mask) V in the shape (batch, queries, heads, dimensions).

    `query` has the shape (batch, heads, queries, dimensions); `key` and `value` may have fewer heads, each then shared
    by a group of query heads, and as many or more positions, the last of which are the queries' own. The mask (batch,
    1, queries, positions) is added to the scores and must be causal.

    No query sees later positions, so the queries are taken in blocks, and each block meets only the keys up to its own
    end: for long prompts that is little more than half of all products. transformers' plain attention computes all of
    them, and turns each matrix of scores into float32 and back; PyTorch's softmax adds up in float32 anyway.
    """
    batch, heads, queries, dimensions = query.shape
    key_heads, positions = key.shape[1:3]
    query = (query * scaling).view(batch, key_heads, heads // key_heads, queries, dimensions)
    blocks = []
    for start in range(0, queries, BLOCK):
        end = min(start + BLOCK, queries)
        seen = positions - queries + end
        group = query[:, :, :, start:end].flatten(2, 3)
        scores = group @ key[:, :, :seen].transpose(2, 3)
        scores = scores.view(batch, heads, end - start, seen) + attention_mask[:, :, start:end, :seen]
        weights = drop(softmax(scores, dim=-1), dropout, module.training)
        mixed = weights.view(batch, key_heads, -1, seen) @ value[:, :, :seen]
        blocks.append(mixed.view(batch, heads, end - start, dimensions))
    return torch.cat(blocks, dim=2).transpose(1, 2).contiguous(), None


AttentionInterface.register(CAUSAL_BLOCKS, attend_in_causal_blocks)
AttentionMaskInterface.register(CAUSAL_BLOCKS, eager_mask)


@contextmanager
def training_attention(model: PreTrainedModel) -> Iterator[None]:
    """Let a model on a CPU attend in causal blocks meanwhile, which changes only its speed and its rounding.

    Models on a GPU, and those whose attention has additions (capped scores, sinks), keep their own.
    """
    capped = getattr(model.config, "attn_logit_softcapping", None) is not None
    if model.device.type != "cpu" or capped or any(name.endswith("sinks") for name, _ in model.named_parameters()):
        yield
        return
    usual = model.config._attn_implementation
    model.set_attn_implementation(CAUSAL_BLOCKS)
    try:
        yield
    finally:
        model.set_attn_implementation(usual)
