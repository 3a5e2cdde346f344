"""Retrieval by words and meaning together: reciprocal rank fusion of two or more rankings."""

from utils.corpus import Passage
from utils.models import Embedder
from utils.retrieval.dense import DenseRetriever
from utils.retrieval.hits import Hit, Retriever, check_search
from utils.retrieval.lexical import LexicalRetriever

RANK_CONSTANT = 60
DEPTH = 50


def reciprocal_rank_fusion(rankings: list[list[Hit]], k: int) -> list[Hit]:
    """Merge rankings: a passage scores the sum of 1 / (60 + rank) over them (Cormack, Clarke & Büttcher 2009)."""
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.passage.id] = scores.get(hit.passage.id, 0.0) + 1 / (RANK_CONSTANT + rank)
            passages[hit.passage.id] = hit.passage
    best = sorted(scores, key=scores.__getitem__, reverse=True)[:k]
    return [Hit(passages[name], scores[name]) for name in best]


class HybridRetriever:
    """Fuses the rankings of several retrievers over the same passages."""

    def __init__(self, parts: list[Retriever]) -> None:
        self.parts = parts

    @classmethod
    def from_passages(cls, passages: list[Passage], embedder: Embedder) -> "HybridRetriever":
        """Build a dense and a lexical retriever over the same passages. Raises what they raise."""
        return cls([DenseRetriever.from_passages(passages, embedder), LexicalRetriever.from_passages(passages)])

    def search(self, queries: list[str], k: int) -> list[list[Hit]]:
        """Return for each query the k best of the fused rankings; scores are sums of reciprocal ranks."""
        check_search(queries, k)
        rankings = [part.search(queries, max(k, DEPTH)) for part in self.parts]
        return [reciprocal_rank_fusion(list(of_query), k) for of_query in zip(*rankings, strict=True)]
