"""Training examples: a conversation and the answer to learn, as token ids with everything but the answer masked."""

import hashlib
import json
import random
from dataclasses import asdict, dataclass

import torch
from transformers import PreTrainedTokenizerBase

from utils.models import Message, render
from utils.models.prompts import neutralise

IGNORED = -100  # the label that PyTorch's cross-entropy passes over
PAD_TO = 16  # tokens: batches of few different lengths, because the CPU's matrix library keeps a plan for each length
MAX_TOKENS = 1024  # of an example, so that a batch fits into the memory of a small machine


@dataclass(frozen=True)
class Example:
    """A conversation that ends where the assistant speaks, and what the assistant should say."""

    messages: list[Message]
    answer: str


def encode(
    example: Example, tokenizer: PreTrainedTokenizerBase, *, max_tokens: int = MAX_TOKENS
) -> dict[str, list[int]]:
    """Return `input_ids` and `labels`, two lists of equal length; labels are IGNORED up to the answer's first token.

    The prompt is exactly what `Generator.generate` would send; the answer ends with the end-of-turn token. Raises
    ValueError for an empty answer and for an example of more than `max_tokens` tokens, quoting it.
    """
    if not example.answer.strip():
        raise ValueError(f"The answer is empty in the example {quote(example)}.")
    prompt = tokenizer(render(example.messages, tokenizer), add_special_tokens=False, verbose=False)["input_ids"]
    answer = tokenizer(neutralise(example.answer, tokenizer), add_special_tokens=False)["input_ids"]
    answer = [*answer, tokenizer.eos_token_id]
    if len(prompt) + len(answer) > max_tokens:
        raise ValueError(f"{len(prompt) + len(answer)} tokens exceed {max_tokens} in the example {quote(example)}.")
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def encode_all(
    examples: list[Example], tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> list[dict[str, list[int]]]:
    """Return the examples encoded, in their order. Raises what `encode` raises."""
    return [encode(example, tokenizer, max_tokens=max_tokens) for example in examples]


def encode_passes(
    passes: list[list[Example]], tokenizer: PreTrainedTokenizerBase, max_tokens: int, batch_size: int, seed: int
) -> list[dict[str, list[int]]]:
    """Return all passes' examples encoded, pass after pass, each in batches of similar length.

    Raises ValueError when there are no passes or one is empty, and what `encode` raises.
    """
    if not passes:
        raise ValueError("There are no examples to train on.")
    encoded = []
    for number, examples in enumerate(passes):
        if not examples:
            raise ValueError(f"There are no examples to train on in pass {number + 1} of {len(passes)}.")
        of_pass = encode_all(examples, tokenizer, max_tokens)
        encoded += in_batches_of_similar_length(of_pass, batch_size, seed + number)
    return encoded


def quote(example: Example) -> str:
    """Return the start of an example's last message, to name the example in an error."""
    return repr(example.messages[-1]["content"][-80:])


def pad_batch(
    encoded: list[dict[str, list[int]]], pad_token_id: int, *, multiple_of: int = PAD_TO
) -> dict[str, torch.Tensor]:
    """Return input_ids, attention_mask and labels as int64 tensors of shape (batch, tokens), padded on the right.

    `tokens` is the length of the longest example, rounded up to a multiple of `multiple_of`. Raises ValueError for an
    example without a labelled token: its loss would be no number.
    """
    for number, one in enumerate(encoded):
        if all(label == IGNORED for label in one["labels"]):
            raise ValueError(f"Example {number} of the batch has no labelled token, so there is nothing to learn.")
    longest = max(len(one["input_ids"]) for one in encoded)
    tokens = -(-longest // multiple_of) * multiple_of

    def pad(rows: list[list[int]], value: int) -> torch.Tensor:
        return torch.tensor([row + [value] * (tokens - len(row)) for row in rows])

    ids = [one["input_ids"] for one in encoded]
    return {
        "input_ids": pad(ids, pad_token_id),
        "attention_mask": pad([[1] * len(row) for row in ids], 0),
        "labels": pad([one["labels"] for one in encoded], IGNORED),
    }


def padded_batches(
    encoded: list[dict[str, list[int]]], batch_size: int, pad_token_id: int
) -> list[dict[str, torch.Tensor]]:
    """Return the examples in batches as `pad_batch` makes them, the shortest first."""
    by_length = sorted(encoded, key=lambda one: len(one["input_ids"]))
    starts = range(0, len(by_length), batch_size)
    return [pad_batch(by_length[start : start + batch_size], pad_token_id) for start in starts]


def in_batches_of_similar_length(
    encoded: list[dict[str, list[int]]], batch_size: int, seed: int
) -> list[dict[str, list[int]]]:
    """Return the examples reordered: neighbours have similar lengths, and batches of them come in random order.

    Batches then need little padding, while the order of what is learned stays random.
    """
    dice = random.Random(seed)
    by_length = sorted(encoded, key=lambda one: (len(one["input_ids"]), dice.random()))
    batches = [by_length[start : start + batch_size] for start in range(0, len(by_length), batch_size)]
    if len(batches[-1]) == batch_size:
        dice.shuffle(batches)
    else:  # an incomplete batch stays last, so that the Trainer cuts the others where they were made
        last = batches.pop()
        dice.shuffle(batches)
        batches.append(last)
    return [one for batch in batches for one in batch]


def examples_sha256(examples: list[Example]) -> str:
    """Return a SHA-256 over examples in their order, to record what an adapter was trained on."""
    content = json.dumps([asdict(example) for example in examples], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
