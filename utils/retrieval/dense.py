"""Retrieval by meaning: the passages whose vectors lie nearest to the question's."""

import faiss

from utils.corpus import Passage
from utils.models import Embedder
from utils.retrieval.hits import Hit, check_passages, check_search


class DenseRetriever:
    """Exact nearest-neighbour search by cosine similarity over embedded passages."""

    def __init__(self, passages: list[Passage], index: faiss.Index, embedder: Embedder) -> None:
        self.passages = passages
        self.index = index
        self.embedder = embedder

    @classmethod
    def from_passages(cls, passages: list[Passage], embedder: Embedder) -> "DenseRetriever":
        """Embed passages and index them.

        Raises ValueError for no passages, duplicate ids, and a passage that the embedder would read only in part.
        """
        check_passages(passages)
        texts = [passage.titled_text for passage in passages]
        for passage, text in zip(passages, texts, strict=True):
            length = embedder.count_tokens(text)
            if length > embedder.max_tokens:
                raise ValueError(
                    f"The passage {passage.id!r} has {length} tokens; the embedder reads {embedder.max_tokens}. "
                    "Split the documents into shorter passages."
                )
        index = faiss.IndexFlatIP(embedder.dimensions)
        index.add(embedder.embed(texts))
        return cls(passages, index, embedder)

    def search(self, queries: list[str], k: int) -> list[list[Hit]]:
        """Return for each query its k nearest passages; the score is the cosine similarity, −1 … 1."""
        check_search(queries, k)
        scores, rows = self.index.search(self.embedder.embed(queries), min(k, len(self.passages)))
        return [
            [Hit(self.passages[row], float(score)) for row, score in zip(row_list, score_list, strict=True)]
            for row_list, score_list in zip(rows, scores, strict=True)
        ]
