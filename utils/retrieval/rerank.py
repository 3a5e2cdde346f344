"""A second, more careful look at the first hits: each is read together with the question, and they are sorted anew."""

from typing import TYPE_CHECKING, Protocol

import numpy as np

from utils.corpus import Passage
from utils.models import Embedder
from utils.models.hub import locate_model
from utils.retrieval.hits import Filter, Hit, Retriever, check_search
from utils.retrieval.hybrid import HybridRetriever

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

DEPTH = 20
REMEMBERED = 2000  # texts; the vectors of one, in 16 bits, take 75 to 200 kB


class Reranker(Protocol):
    """Anything that gives a question and a passage a common score."""

    def score(self, query: str, texts: list[str]) -> list[float]:
        """Return one score for each text (higher is better)."""
        ...


class LateInteractionReranker:
    """MaxSim over the embedder's token vectors (ColBERT's score: Khattab & Zaharia 2020), with no training of its own.

    Each word piece of the question looks for the most similar piece of the passage; the score is the mean of these
    similarities, −1 … 1. The texts' vectors are remembered, as the same passages are found again and again.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.remembered: dict[str, np.ndarray] = {}

    def score(self, query: str, texts: list[str]) -> list[float]:
        """Return the MaxSim of the question with each text."""
        query_pieces = self.embedder.embed_tokens([query])[0]
        return [max_similarity(query_pieces, pieces) for pieces in self.pieces_of(texts)]

    def pieces_of(self, texts: list[str]) -> list[np.ndarray]:
        """Return each text's vectors, computing only those that are not remembered."""
        if len(self.remembered) + len(texts) > REMEMBERED:
            self.remembered.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self.remembered]
        vectors = [pieces.astype(np.float16) for pieces in self.embedder.embed_tokens(new)]
        self.remembered |= dict(zip(new, vectors, strict=True))
        return [self.remembered[text] for text in texts]


def max_similarity(query_pieces: np.ndarray, text_pieces: np.ndarray) -> float:
    """Return the mean, over the question's unit vectors, of the largest dot product with any of the text's."""
    return float((query_pieces @ text_pieces.astype(np.float32).T).max(axis=1).mean())


class CrossEncoderReranker:
    """A model that reads question and passage in one go and outputs one score."""

    def __init__(self, model: "CrossEncoder") -> None:
        self.model = model

    def score(self, query: str, texts: list[str]) -> list[float]:
        """Return the model's score of the question with each text."""
        scores = self.model.predict([(query, text) for text in texts], show_progress_bar=False)
        return [float(score) for score in scores]


def load_cross_encoder(model_id: str) -> CrossEncoderReranker:
    """Load a cross-encoder by its Hub id or folder, for example cross-encoder/ms-marco-MiniLM-L6-v2.

    Raises FileNotFoundError when it is neither a folder nor cached and the Hub cannot be reached or has no such model.
    """
    from sentence_transformers import CrossEncoder  # here, because importing it takes many seconds

    source = locate_model(model_id)
    return CrossEncoderReranker(CrossEncoder(source, trust_remote_code=False, model_kwargs={"use_safetensors": True}))


class RerankingRetriever:
    """Lets one retriever find `depth` hits and a reranker choose the best of them."""

    def __init__(self, retriever: Retriever, reranker: Reranker, *, depth: int = DEPTH) -> None:
        self.retriever = retriever
        self.reranker = reranker
        self.depth = depth

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each query the k best of the first hits by the reranker, with its scores."""
        check_search(queries, k)
        found = self.retriever.search(queries, max(k, self.depth), where=where)
        return [self.rerank(query, hits)[:k] for query, hits in zip(queries, found, strict=True)]

    def rerank(self, query: str, hits: list[Hit]) -> list[Hit]:
        """Return the hits sorted by the reranker's score, which replaces their old one."""
        if not hits:
            return []
        scores = self.reranker.score(query, [hit.passage.titled_text for hit in hits])
        rescored = [Hit(hit.passage, score) for hit, score in zip(hits, scores, strict=True)]
        return sorted(rescored, key=lambda hit: hit.score, reverse=True)


def course_retriever(passages: list[Passage], embedder: Embedder) -> RerankingRetriever:
    """Return the retriever that won on the development questions: hybrid search with a late-interaction second look."""
    return RerankingRetriever(HybridRetriever.from_passages(passages, embedder), LateInteractionReranker(embedder))
