"""Retrieval by words: BM25 (Robertson & Zaragoza 2009) through the library bm25s."""

import bm25s
import numpy as np

from utils.corpus import Passage
from utils.retrieval.hits import Hit, check_passages, check_search


def tokenize(texts: list[str]) -> list[list[str]]:
    """Return the lower-case words of each text, English stop words left out; codes such as V-19 give v and 19."""
    return bm25s.tokenize(texts, stopwords="en", token_pattern=r"(?u)\b\w+\b", return_ids=False, show_progress=False)


class LexicalRetriever:
    """BM25 search over the words of passages."""

    def __init__(self, passages: list[Passage], index: bm25s.BM25) -> None:
        self.passages = passages
        self.index = index

    @classmethod
    def from_passages(cls, passages: list[Passage]) -> "LexicalRetriever":
        """Index passages. Raises ValueError for no passages or duplicate ids."""
        check_passages(passages)
        index = bm25s.BM25()
        index.index(tokenize([passage.titled_text for passage in passages]), show_progress=False)
        return cls(passages, index)

    def search(self, queries: list[str], k: int) -> list[list[Hit]]:
        """Return for each query the k passages with the highest BM25 score (0 and up; 0 means no word in common)."""
        check_search(queries, k)
        results = []
        for words in tokenize(queries):
            known = [word for word in words if word in self.index.vocab_dict]
            scores = self.index.get_scores(known) if known else np.zeros(len(self.passages))
            best = np.argsort(-scores, kind="stable")[:k]
            results.append([Hit(self.passages[row], float(scores[row])) for row in best])
        return results
