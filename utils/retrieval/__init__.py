"""Finding the right passages: by meaning (dense), by words (lexical), by both (hybrid), and with a second look."""

from utils.retrieval.dense import DenseRetriever
from utils.retrieval.hits import Filter, Hit, Index, Retriever, update
from utils.retrieval.hybrid import HybridRetriever, reciprocal_rank_fusion
from utils.retrieval.lexical import LexicalRetriever
from utils.retrieval.rerank import (
    CrossEncoderReranker,
    LateInteractionReranker,
    Reranker,
    RerankingRetriever,
    course_retriever,
    load_cross_encoder,
)

__all__ = [
    "CrossEncoderReranker",
    "DenseRetriever",
    "Filter",
    "Hit",
    "HybridRetriever",
    "Index",
    "LateInteractionReranker",
    "LexicalRetriever",
    "Reranker",
    "RerankingRetriever",
    "Retriever",
    "course_retriever",
    "load_cross_encoder",
    "reciprocal_rank_fusion",
    "update",
]
