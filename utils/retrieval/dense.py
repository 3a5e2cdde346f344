"""Retrieval by meaning: the passages whose vectors lie nearest to the question's."""

from pathlib import Path

import faiss
import numpy as np

from utils.corpus import Passage
from utils.models import Embedder
from utils.retrieval.hits import Filter, Hit, check_passages, check_search
from utils.retrieval.storage import SavedIndex, passages_from_bytes, passages_to_bytes, read_index, write_index

KINDS = ("exact", "hnsw", "ivfpq")
HNSW_LINKS, HNSW_BUILD_EFFORT, HNSW_SEARCH_EFFORT = 32, 120, 128
PQ_PARTS, PQ_BITS = 48, 8  # 48 bytes for a vector that takes 1,536 in float32
PROBED_SHARE = 1 / 8  # of the lists of an IVF index
SMALLEST_IVFPQ = 2**PQ_BITS  # its codebooks cannot be trained on fewer vectors

# FAISS multiplies matrices only from this many queries on; its own setting, 128,000, makes batches slow.
faiss.cvar.distance_compute_blas_threshold = 16


class DenseRetriever:
    """Nearest-neighbour search by cosine similarity over embedded passages.

    `kind` is how FAISS stores the vectors: "exact" compares every one; "hnsw" walks a graph of near neighbours (Malkov
    & Yashunin 2018); "ivfpq" looks into the nearest of many lists and keeps 48 bytes for each vector (Jégou, Douze &
    Schmid 2011). The last two are faster and may miss a neighbour.
    """

    def __init__(self, passages: list[Passage], index: faiss.Index, embedder: Embedder, kind: str) -> None:
        self.rows: list[Passage | None] = list(passages)  # None where a passage was deleted
        self.alive = np.array([passage is not None for passage in self.rows])  # kept, for each search needs it
        self.index = index
        self.embedder = embedder
        self.kind = kind

    @classmethod
    def from_passages(cls, passages: list[Passage], embedder: Embedder, *, kind: str = "exact") -> "DenseRetriever":
        """Embed passages and index them.

        Raises ValueError for no passages, duplicate ids, an unknown kind, too few passages for "ivfpq", and a passage
        that the embedder would read only in part.
        """
        check_passages(passages)
        return cls.from_vectors(passages, embed_whole(passages, embedder), embedder, kind=kind)

    @classmethod
    def from_vectors(
        cls, passages: list[Passage], vectors: np.ndarray, embedder: Embedder, *, kind: str = "exact"
    ) -> "DenseRetriever":
        """Index passages whose unit vectors, float32 of shape (passages, dimensions), are known already.

        Raises ValueError for a wrong shape, a NaN or infinite value, and as `from_passages` does.
        """
        check_passages(passages)
        check_vectors(vectors, len(passages), embedder.dimensions)
        return cls(passages, build_index(vectors, kind), embedder, kind)

    @property
    def passages(self) -> list[Passage]:
        """The passages that can be found."""
        return [passage for passage in self.rows if passage is not None]

    def add(self, passages: list[Passage]) -> None:
        """Embed more passages and make them findable. Raises what `from_passages` raises; then nothing is added."""
        check_passages(passages, self.passages)
        self.append(passages, embed_whole(passages, self.embedder))

    def append(self, passages: list[Passage], vectors: np.ndarray) -> None:
        """Make checked passages findable whose vectors are known."""
        self.index.add(vectors)
        self.rows += passages
        self.alive = np.append(self.alive, np.ones(len(passages), dtype=bool))

    def delete(self, doc_ids: set[str]) -> int:
        """Forget every passage of these documents; return how many passages that were.

        Their texts are gone at once. Their vectors stay in the index, never returned, until it is built anew.
        """
        doomed = [row for row, passage in enumerate(self.rows) if passage is not None and passage.doc_id in doc_ids]
        for row in doomed:
            self.rows[row] = None
            self.alive[row] = False
        return len(doomed)

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each query its k nearest passages; the score is the cosine similarity, −1 … 1.

        "hnsw" and "ivfpq" search more thoroughly when a filter would leave them short of k.
        """
        check_search(queries, k)
        allowed = self.alive if where is None else np.array([p is not None and where(p) for p in self.rows], dtype=bool)
        k = int(min(k, allowed.sum()))
        if k == 0 or not queries:
            return [[] for _ in queries]
        vectors = self.embedder.embed(queries)
        selector = None if allowed.all() else faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        scores, rows = search_index(self.index, vectors, k, selector)
        if (rows < 0).any():
            scores, rows = search_index(self.index, vectors, k, selector, thorough=True)
        return [
            [Hit(self.rows[row], float(score)) for row, score in zip(row_list, score_list, strict=True) if row >= 0]
            for row_list, score_list in zip(rows, scores, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write the index into a folder; an interrupted save leaves an older index there whole."""
        write_index(folder, self.to_saved())

    @classmethod
    def load(cls, folder: Path, embedder: Embedder) -> "DenseRetriever":
        """Read an index. Raises FileNotFoundError or ValueError: see `storage.read_index`."""
        return cls.from_saved(read_index(folder, "dense", embedder.name), embedder)

    def to_saved(self) -> SavedIndex:
        """Return the index as named files."""
        files = {
            "passages.jsonl": passages_to_bytes(self.rows),
            "vectors.faiss": faiss.serialize_index(self.index).tobytes(),
        }
        return SavedIndex("dense", {"kind": self.kind, "embedder": self.embedder.name}, files)

    @classmethod
    def from_saved(cls, saved: SavedIndex, embedder: Embedder) -> "DenseRetriever":
        """Return the index that `to_saved` described."""
        index = faiss.deserialize_index(np.frombuffer(saved.files["vectors.faiss"], dtype=np.uint8))
        return cls(passages_from_bytes(saved.files["passages.jsonl"]), index, embedder, saved.about["kind"])


def embed_whole(passages: list[Passage], embedder: Embedder) -> np.ndarray:
    """Return the vectors of passages; raise ValueError for one that the embedder would read only in part."""
    texts = [passage.titled_text for passage in passages]
    for passage, length in zip(passages, embedder.count_many(texts), strict=True):
        if length > embedder.max_tokens:
            raise ValueError(
                f"The passage {passage.id!r} has {length} tokens; the embedder reads {embedder.max_tokens}. "
                "Split the documents into shorter passages."
            )
    return embedder.embed(texts)


def check_vectors(vectors: np.ndarray, rows: int, dimensions: int) -> None:
    """Raise ValueError unless vectors have the expected shape and only finite values."""
    if vectors.shape != (rows, dimensions):
        raise ValueError(f"The vectors have the shape {vectors.shape}; expected {(rows, dimensions)}.")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ValueError(f"The vector of row {int(np.flatnonzero(~finite)[0])} has a NaN or infinite value.")


def build_index(vectors: np.ndarray, kind: str) -> faiss.Index:
    """Return a FAISS index of the given kind over unit vectors, shape (n, dimensions)."""
    n, dimensions = vectors.shape
    if kind == "exact":
        index = faiss.IndexFlatIP(dimensions)
    elif kind == "hnsw":
        index = faiss.IndexHNSWFlat(dimensions, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = HNSW_BUILD_EFFORT
    elif kind == "ivfpq":
        if n < SMALLEST_IVFPQ:
            raise ValueError(f"{n} passages are too few for 'ivfpq', which needs {SMALLEST_IVFPQ}: use 'exact'.")
        if dimensions % PQ_PARTS:
            raise ValueError(f"'ivfpq' cannot cut {dimensions} dimensions into {PQ_PARTS} equal parts: use 'hnsw'.")
        lists = max(1, round(n**0.5))
        coarse = faiss.IndexFlatIP(dimensions)
        index = faiss.IndexIVFPQ(coarse, dimensions, lists, PQ_PARTS, PQ_BITS, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1  # small collections are fine
        index.train(vectors)
    else:
        raise ValueError(f"Unknown kind of index {kind!r}: use one of {', '.join(KINDS)}.")
    index.add(vectors)
    return index


def search_index(
    index: faiss.Index, vectors: np.ndarray, k: int, selector: faiss.IDSelector | None = None, *, thorough: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and rows, each of shape (vectors, k), best first; a row of −1 means that no more were found.

    A thorough search looks at every vector that the selector lets through.
    """
    if thorough and isinstance(index, faiss.IndexHNSW):
        index = faiss.downcast_index(index.storage)  # the vectors alone, since a walk along the links may miss some
    if isinstance(index, faiss.IndexHNSW):
        parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=HNSW_SEARCH_EFFORT)
    elif isinstance(index, faiss.IndexIVF):
        lists = index.nlist if thorough else max(1, round(index.nlist * PROBED_SHARE))
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=lists)
    else:
        parameters = faiss.SearchParameters(sel=selector)
    return index.search(vectors, k, params=parameters)
