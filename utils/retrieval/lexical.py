"""Retrieval by words: BM25 (Robertson & Zaragoza 2009) through the library bm25s."""

import tempfile
from pathlib import Path

import bm25s
import numpy as np

from utils.corpus import Passage
from utils.retrieval.hits import Filter, Hit, check_passages, check_search
from utils.retrieval.storage import SavedIndex, passages_from_bytes, passages_to_bytes, read_index, write_index

WORD = r"(?u)\b\w+\b"


def tokenize(texts: list[str]) -> list[list[str]]:
    """Return the lower-case words of each text, English stop words left out; codes such as V-19 give v and 19."""
    return bm25s.tokenize(texts, stopwords="en", token_pattern=WORD, return_ids=False, show_progress=False)


class LexicalRetriever:
    """BM25 search over the words of passages. A passage without any word of the query is never a hit."""

    def __init__(self, passages: list[Passage], index: bm25s.BM25) -> None:
        self.passages = passages
        self.index = index

    @classmethod
    def from_passages(cls, passages: list[Passage]) -> "LexicalRetriever":
        """Index passages. Raises ValueError for no passages or duplicate ids."""
        check_passages(passages)
        return cls(passages, build_index(passages))

    def add(self, passages: list[Passage]) -> None:
        """Make more passages findable; how rare each word is, is counted anew, which takes as long as building."""
        check_passages(passages, self.passages)
        self.reindex([*self.passages, *passages])

    def delete(self, doc_ids: set[str]) -> int:
        """Forget every passage of these documents and count words anew; return how many passages that were."""
        kept = [passage for passage in self.passages if passage.doc_id not in doc_ids]
        forgotten = len(self.passages) - len(kept)
        if forgotten:
            self.reindex(kept)
        return forgotten

    def reindex(self, passages: list[Passage]) -> None:
        """Index these passages instead; an interruption leaves the old ones and their index in step."""
        index = build_index(passages)
        self.passages, self.index = passages, index

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each query the k passages with the highest BM25 scores, or fewer if fewer share a word with it."""
        check_search(queries, k)
        allowed = None if where is None else np.array([where(passage) for passage in self.passages], dtype=bool)
        results = []
        for words in tokenize(queries):
            known = [word for word in words if word in self.index.vocab_dict] if self.passages else []
            scores = self.index.get_scores(known) if known else np.zeros(len(self.passages), dtype=np.float32)
            if allowed is not None:
                scores = np.where(allowed, scores, 0)
            results.append([Hit(self.passages[row], float(scores[row])) for row in best_rows(scores, k)])
        return results

    def save(self, folder: Path) -> None:
        """Write the index into a folder; an interrupted save leaves an older index there whole."""
        write_index(folder, self.to_saved())

    @classmethod
    def load(cls, folder: Path) -> "LexicalRetriever":
        """Read an index. Raises FileNotFoundError or ValueError: see `storage.read_index`."""
        return cls.from_saved(read_index(folder, "lexical"))

    def to_saved(self) -> SavedIndex:
        """Return the index as named files."""
        with tempfile.TemporaryDirectory() as scratch:
            self.index.save(scratch, show_progress=False)
            files = {path.name: path.read_bytes() for path in sorted(Path(scratch).iterdir())}
        return SavedIndex("lexical", {}, files | {"passages.jsonl": passages_to_bytes(self.passages)})

    @classmethod
    def from_saved(cls, saved: SavedIndex) -> "LexicalRetriever":
        """Return the index that `to_saved` described."""
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in saved.files.items():
                (Path(scratch) / name).write_bytes(content)
            index = bm25s.BM25.load(scratch, show_progress=False)
        return cls(passages_from_bytes(saved.files["passages.jsonl"]), index)


def build_index(passages: list[Passage]) -> bm25s.BM25:
    """Return a BM25 index over the titled texts of passages, which need not hold a single word."""
    index = bm25s.BM25()
    words = tokenize([passage.titled_text for passage in passages])
    if not any(words):
        words = [[""] for _ in words] or [[""]]  # bm25s cannot index nothing; no query has the empty word
    index.index(words, show_progress=False)
    return index


def best_rows(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of the k highest scores above 0, best first, the earlier row first among equals."""
    found = np.flatnonzero(scores > 0)
    if len(found) > k:
        smallest = np.partition(scores[found], len(found) - k)[len(found) - k]
        found = found[scores[found] >= smallest]
    return found[np.argsort(-scores[found], kind="stable")][:k]
