"""What the tests of the handbook and of the tasks share."""

import re

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from utils.data import DATA_FOLDER

VARIABLE = re.compile(r"\b(?:[A-ZÀ-Þ][\w’'-]*|[\w-]*\d[\w.,:-]*)")


def tiny_model(tokenizer: PreTrainedTokenizerBase, seed: int = 0) -> LlamaForCausalLM:
    """Return a language model with random weights that reads the tokenizer's tokens and trains in a second."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config).eval()


def mask(text: str, *values: str) -> str:
    """Return a sentence with its names, numbers and the given values blanked out."""
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    return " ".join(re.findall(r"\w+|…", VARIABLE.sub("…", text)))


def catalogue_splits() -> dict[str, str]:
    """Return the split of every document, as the catalogue says it."""
    catalogue = (DATA_FOLDER / "build" / "catalogue.md").read_text(encoding="utf-8")
    return {m[1]: m[2] for m in re.finditer(r"^\| ([a-z0-9-]+) \|.*\| (train|dev|test) \|$", catalogue, re.MULTILINE)}
