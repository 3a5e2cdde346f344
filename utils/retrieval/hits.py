"""What every retriever returns, and the checks that they share."""

from dataclasses import dataclass
from typing import Protocol

from utils.corpus import Passage


@dataclass(frozen=True)
class Hit:
    """A passage that was found, and the retriever's score for it (higher is better; scales differ by retriever)."""

    passage: Passage
    score: float


class Retriever(Protocol):
    """Anything that finds passages for questions."""

    def search(self, queries: list[str], k: int) -> list[list[Hit]]:
        """Return for each query its best hits, best first: k of them, or as many as there are passages."""
        ...


def check_passages(passages: list[Passage]) -> None:
    """Raise ValueError when there is nothing to search or two passages have one id."""
    if not passages:
        raise ValueError("There are no passages: load documents and split them before building a retriever.")
    ids = [passage.id for passage in passages]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise ValueError(f"The passage id {twice!r} occurs more than once; ids must be unique.")


def check_search(queries: list[str], k: int) -> None:
    """Raise ValueError for a query without any text or a k below 1."""
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one passage.")
    for number, query in enumerate(queries):
        if not query.strip():
            raise ValueError(f"Query {number} is empty; give a question.")
