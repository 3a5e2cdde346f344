"""What every retriever returns, and the checks that they share."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from utils.corpus import Passage

Filter = Callable[[Passage], bool]  # tells whether a passage may be found


@dataclass(frozen=True)
class Hit:
    """A passage that was found, and the retriever's score for it (higher is better; scales differ by retriever)."""

    passage: Passage
    score: float


class Retriever(Protocol):
    """Anything that finds passages for questions."""

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each query its best hits, best first: at most k, among the passages that `where` lets through.

        The filter works before the k best are chosen, so it never leaves a gap that another passage could fill.
        """
        ...


class Index(Retriever, Protocol):
    """A retriever whose passages can change, and that can be saved as a few files."""

    passages: list[Passage]

    def add(self, passages: list[Passage]) -> None:
        """Make more passages findable. Raises ValueError for an id that is already there."""
        ...

    def delete(self, doc_ids: set[str]) -> int:
        """Forget every passage of these documents; return how many passages that were."""
        ...


def update(index: Index, passages: list[Passage]) -> None:
    """Replace documents: forget what the index holds of the documents of these passages, then add the passages.

    Raises what `index.add` raises; then the old documents are there again.
    """
    check_passages(passages)
    doc_ids = {passage.doc_id for passage in passages}
    old = [passage for passage in index.passages if passage.doc_id in doc_ids]
    try:
        index.delete(doc_ids)
        index.add(passages)
    except BaseException:  # an interruption too, after which any part may be done
        index.delete(doc_ids)
        if old:
            index.add(old)
        raise


def check_passages(passages: list[Passage], present: list[Passage] | None = None) -> None:
    """Raise ValueError when there is nothing to index, or when two passages (`present` ones counted) have one id."""
    if not passages:
        raise ValueError("There are no passages: load documents and split them before building a retriever.")
    counts = Counter(passage.id for passage in [*(present or []), *passages])
    name, times = counts.most_common(1)[0]
    if times > 1:
        raise ValueError(f"The passage id {name!r} occurs more than once; ids must be unique.")


def check_search(queries: list[str], k: int) -> None:
    """Raise ValueError for one string instead of a list, a query without text or with half a character, k below 1."""
    if isinstance(queries, str):
        raise ValueError("queries is one string; give a list of questions.")
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one passage.")
    for number, query in enumerate(queries):
        if not query.strip():
            raise ValueError(f"Query {number} is empty; give a question.")
        try:
            query.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"Query {number} has half a character (a lone surrogate) at {error.start}.") from None
