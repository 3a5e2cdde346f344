"""Break-even: when is training again cheaper than reading passages in every query, between two updates?"""

import math
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

# LoRA training takes about 4N FLOP per token, inference about 2N, for a model of N parameters
FLOP_RATIO = 2.0
# The smallest and largest value of each field of a Workload
LIMITS = {
    "training_tokens": (1, 10**12),
    "epochs": (0.01, 1000),
    "context_tokens": (1, 10**6),
    "training_cost_ratio": (0.01, 1000),
}


@dataclass(frozen=True)
class Workload:
    """What one update of the knowledge costs to train, and what a query costs to read.

    `training_tokens`: tokens of one pass over the training set (T); `epochs`: passes (E); `context_tokens`: tokens that
    RAG adds to a query's prompt (C); `training_cost_ratio`: cost of a training token in prompt tokens. The default
    ratio counts operations; with prices or speeds of your own, give theirs. Raises ValueError for a value outside
    LIMITS.
    """

    training_tokens: float
    epochs: float
    context_tokens: float
    training_cost_ratio: float = FLOP_RATIO

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            check_range(name, value, *LIMITS[name])


class ExtraCost(NamedTuple):
    """What RAG and LoRA cost between two updates beyond a plain query, both in prompt tokens."""

    rag: float
    lora: float


def check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raise ValueError unless a value is a finite number from `low` to `high`; the message names all of them."""
    if not (math.isfinite(value) and low <= value <= high):
        allowed = f"at least {low:,}" if high == math.inf else f"from {low:,} to {high:,}"
        raise ValueError(f"{name} is {value}: it must be a number {allowed}.")


def break_even_queries(workload: Workload) -> float:
    """Return Q*, the queries per update of the knowledge at which RAG and LoRA cost the same.

    Q* = ratio · E · T / C, which is 2 · E · T / C in operations: training costs 4N · E · T, the passages of a query
    2N · C. Attention, prompt caching, embedding the documents and the search are left out, and so is labelling.
    """
    return extra_cost(workload, 0).lora / workload.context_tokens


def extra_cost(workload: Workload, queries: float) -> ExtraCost:
    """Return what both ways cost beyond a plain query, in prompt tokens, for `queries` queries and one update.

    RAG pays C for each query, LoRA pays ratio · E · T once. Raises ValueError for a negative number of queries.
    """
    check_range("queries", queries, 0)
    training = workload.training_cost_ratio * workload.epochs * workload.training_tokens
    return ExtraCost(rag=queries * workload.context_tokens, lora=training)


def cheaper(workload: Workload, queries: float) -> Literal["RAG", "LoRA", "equal"]:
    """Return which way costs less for `queries` queries per update; raise ValueError for a negative number."""
    rag, lora = extra_cost(workload, queries)
    if rag == lora:
        return "equal"
    return "RAG" if rag < lora else "LoRA"


def break_even_from_seconds(training_seconds: float, rag_seconds: float, closed_book_seconds: float) -> float:
    """Return the queries per update at which training has paid for itself, from measured times.

    Q* = training seconds / (seconds per RAG query − seconds per closed-book query); infinite when a closed-book query
    is no faster. Any other unit of cost will do, if all three have the same. Raises ValueError for a negative or
    infinite time.
    """
    check_range("training_seconds", training_seconds, 0)
    check_range("rag_seconds", rag_seconds, 0)
    check_range("closed_book_seconds", closed_book_seconds, 0)
    saved = rag_seconds - closed_book_seconds
    return training_seconds / saved if saved > 0 else math.inf


def queries_text(queries: float) -> str:
    """Return a break-even as a reader wants it: two significant digits with separators, or "never" when infinite."""
    return "never" if math.isinf(queries) else f"{float(f'{queries:.2g}'):,.0f}"
