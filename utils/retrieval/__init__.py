"""Finding the right passages: by meaning (dense), by words (lexical), and by both (hybrid)."""

from utils.retrieval.dense import DenseRetriever
from utils.retrieval.hits import Hit, Retriever
from utils.retrieval.hybrid import HybridRetriever, reciprocal_rank_fusion
from utils.retrieval.lexical import LexicalRetriever

__all__ = ["DenseRetriever", "Hit", "HybridRetriever", "LexicalRetriever", "Retriever", "reciprocal_rank_fusion"]
