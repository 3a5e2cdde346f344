"""Retrieval by words and meaning together: reciprocal rank fusion of two rankings."""

from pathlib import Path

from utils.corpus import Passage
from utils.models import Embedder
from utils.retrieval.dense import DenseRetriever, embed_whole
from utils.retrieval.hits import Filter, Hit, check_passages, check_search
from utils.retrieval.lexical import LexicalRetriever
from utils.retrieval.storage import SavedIndex, read_index, write_index

# The paper has 60, found not to be critical where many texts are relevant. Here a question has one right passage, so
# that the first ranks must weigh more; notebook 02 shows the choice on development questions.
RANK_CONSTANT = 3
DEPTH = 50


def reciprocal_rank_fusion(rankings: list[list[Hit]], k: int, *, constant: int = RANK_CONSTANT) -> list[Hit]:
    """Merge rankings: a passage scores the sum of 1 / (constant + rank) over them (Cormack, Clarke & Büttcher 2009)."""
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.passage.id] = scores.get(hit.passage.id, 0.0) + 1 / (constant + rank)
            passages[hit.passage.id] = hit.passage
    best = sorted(scores, key=scores.__getitem__, reverse=True)[:k]
    return [Hit(passages[name], scores[name]) for name in best]


class HybridRetriever:
    """Fuses the rankings of a dense and a lexical retriever over the same passages."""

    def __init__(self, dense: DenseRetriever, lexical: LexicalRetriever) -> None:
        self.dense = dense
        self.lexical = lexical

    @classmethod
    def from_passages(cls, passages: list[Passage], embedder: Embedder, *, kind: str = "exact") -> "HybridRetriever":
        """Build a dense retriever (see there for `kind`) and a lexical one. Raises what they raise."""
        dense = DenseRetriever.from_passages(passages, embedder, kind=kind)
        return cls(dense, LexicalRetriever.from_passages(passages))

    @property
    def passages(self) -> list[Passage]:
        """The passages that can be found."""
        return self.lexical.passages

    def add(self, passages: list[Passage]) -> None:
        """Make more passages findable. Raises what `DenseRetriever.add` raises; then nothing is added."""
        check_passages(passages, self.passages)
        vectors = embed_whole(passages, self.dense.embedder)  # what takes long, or is refused, comes first
        self.lexical.add(passages)
        self.dense.append(passages, vectors)

    def delete(self, doc_ids: set[str]) -> int:
        """Forget every passage of these documents; return how many passages that were."""
        forgotten = self.lexical.delete(doc_ids)  # first, as only this takes long enough to be interrupted
        self.dense.delete(doc_ids)
        return forgotten

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each query the k best of the fused rankings; scores are sums of reciprocal ranks."""
        check_search(queries, k)
        depth = max(k, DEPTH)
        rankings = [part.search(queries, depth, where=where) for part in (self.dense, self.lexical)]
        return [reciprocal_rank_fusion(list(of_query), k) for of_query in zip(*rankings, strict=True)]

    def save(self, folder: Path) -> None:
        """Write both indexes into one folder; an interrupted save leaves an older index there whole."""
        parts = {"dense": self.dense.to_saved(), "lexical": self.lexical.to_saved()}
        files = {f"{part}-{name}": content for part, saved in parts.items() for name, content in saved.files.items()}
        write_index(folder, SavedIndex("hybrid", parts["dense"].about, files))

    @classmethod
    def load(cls, folder: Path, embedder: Embedder) -> "HybridRetriever":
        """Read both indexes. Raises FileNotFoundError or ValueError: see `storage.read_index`."""
        saved = read_index(folder, "hybrid", embedder.name)

        def part(name: str) -> SavedIndex:
            files = {key.removeprefix(f"{name}-"): value for key, value in saved.files.items() if key.startswith(name)}
            return SavedIndex(name, saved.about, files)

        return cls(DenseRetriever.from_saved(part("dense"), embedder), LexicalRetriever.from_saved(part("lexical")))
