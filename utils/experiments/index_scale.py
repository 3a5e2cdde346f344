"""Exact against approximate search on real text: recall, latency and memory of each kind of index."""

import hashlib
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median

import faiss
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.corpus import Document, Passage, split_into_passages
from utils.data import COURSE_FOLDER
from utils.docstrings import DocstringPair, load_docstrings
from utils.experiments.results import RESULTS_FOLDER, read_measurements, write_measurements
from utils.metrics import Interval, bootstrap_interval
from utils.models import Embedder
from utils.plots import BLUE, ORANGE, style_axes
from utils.retrieval.dense import KINDS, build_index, search_index
from utils.retrieval.storage import passages_from_bytes, passages_to_bytes

NAME = "index_scale"
NEIGHBOURS = 10
PASSAGES = 100_000
PASSAGE_TOKENS = 96
QUESTIONS = 512
LONGEST_QUESTION = 100  # characters; a summary that is longer is no question that a person would type
CACHE_FOLDER = COURSE_FOLDER / "build" / "docstrings"


@dataclass(frozen=True)
class Collection:
    """Passages with their vectors, and questions whose answers are among them.

    `sources` names for each question the document, a docstring, that it summarises.
    """

    passages: list[Passage]
    vectors: np.ndarray
    questions: list[str]
    sources: list[str]

    def passages_of(self, source: str) -> set[str]:
        """Return the ids of a document's passages: whichever of them is found, the right text is found."""
        return {passage.id for passage in self.passages if passage.doc_id == source}


@dataclass(frozen=True)
class IndexMeasurement:
    """How one kind of index did: for each question the share of the true ten nearest, and what it took."""

    kind: str
    vectors: int
    recalls: list[float]
    milliseconds: float  # the median of one question at a time
    megabytes: float
    build_seconds: float

    def recall_interval(self) -> Interval:
        """Return the mean recall@10 with its 95 % interval over questions."""
        return bootstrap_interval(self.recalls, [str(number) for number in range(len(self.recalls))])


def measure_indexes(vectors: np.ndarray, questions: np.ndarray) -> list[IndexMeasurement]:
    """Build every kind of index over unit vectors, shape (n, dimensions), and put all questions to each."""
    truth: list[set[int]] = []
    measured = []
    for kind in KINDS:
        started = time.perf_counter()
        index = build_index(vectors, kind)
        build_seconds = time.perf_counter() - started
        found, milliseconds = search_one_at_a_time(index, questions)
        truth = truth or found  # "exact" comes first
        recalls = [len(a & b) / NEIGHBOURS for a, b in zip(found, truth, strict=True)]
        size = megabytes(index)
        measured.append(IndexMeasurement(kind, len(vectors), recalls, milliseconds, size, build_seconds))
    return measured


def megabytes(index: faiss.Index) -> float:
    """Return the size of an index in MB (10⁶ bytes), as it would be written to a file."""
    return len(faiss.serialize_index(index)) / 1e6


def search_one_at_a_time(index: faiss.Index, questions: np.ndarray) -> tuple[list[set[int]], float]:
    """Return for each question the rows that were found, and the median time of a question in milliseconds."""
    found, times = [], []
    for question in questions:
        started = time.perf_counter()
        _, rows = search_index(index, question[None], NEIGHBOURS)
        times.append(time.perf_counter() - started)
        found.append(set(rows[0].tolist()))
    return found, 1000 * median(times)


def docstring_collection(embedder: Embedder, n: int) -> Collection:
    """Return the first n passages (or all there are) of the installed packages' docstrings; summaries are questions.

    The vectors are kept in build/docstrings/, because embedding 100,000 passages takes minutes.
    """
    pairs = load_docstrings(n)  # each gives at least one passage
    settings = f"{n} {PASSAGE_TOKENS} {embedder.name} {embedder.model.dtype}"
    digest = hashlib.sha256(f"{settings} {[(pair.name, pair.body) for pair in pairs]}".encode()).hexdigest()[:16]
    texts_path, vectors_path = (CACHE_FOLDER / f"{digest}{suffix}" for suffix in (".jsonl", ".npy"))
    if not vectors_path.exists():
        CACHE_FOLDER.mkdir(parents=True, exist_ok=True)
        documents = [as_document(pair) for pair in pairs]
        passages = split_into_passages(documents, embedder.count_tokens, max_tokens=PASSAGE_TOKENS)[:n]
        texts_path.write_bytes(passages_to_bytes(passages))
        unfinished = vectors_path.with_suffix(".unfinished.npy")
        np.save(unfinished, embedder.embed([passage.titled_text for passage in passages]))
        unfinished.replace(vectors_path)
    passages = passages_from_bytes(texts_path.read_bytes())
    found = {passage.doc_id for passage in passages}
    asked = [pair for pair in pairs if pair.name in found and len(pair.summary) <= LONGEST_QUESTION]
    asked = asked[:: max(1, len(asked) // QUESTIONS)][:QUESTIONS]
    return Collection(
        passages, np.load(vectors_path), [pair.summary for pair in asked], sources=[pair.name for pair in asked]
    )


def as_document(pair: DocstringPair) -> Document:
    """Return the body of a docstring as a document under the last part of its name; the summary is kept for asking."""
    return Document(
        id=pair.name,
        title=pair.name.rpartition(".")[2][:60],
        section=pair.name.partition(".")[0],
        revision=1,
        date=date(2000, 1, 1),
        audience="everyone",
        fictional=False,
        text=pair.body,
    )


def run_index_scale(embedder: Embedder) -> None:
    """Measure every kind of index over 100,000 passages and write data/results/index_scale.json."""
    collection = docstring_collection(embedder, PASSAGES)
    measured = measure_indexes(collection.vectors, embedder.embed(collection.questions))
    settings = {"passages": len(collection.passages), "passage_tokens": PASSAGE_TOKENS}
    write_measurements(NAME, settings, [asdict(one) for one in measured])


def read_index_scale(folder: Path = RESULTS_FOLDER) -> list[IndexMeasurement]:
    """Read the committed measurements. Raises what `read_measurements` raises."""
    return [IndexMeasurement(**record) for record in read_measurements(NAME, folder)]


def plot_indexes(groups: dict[str, list[IndexMeasurement]]) -> Axes:
    """Draw recall@10 against milliseconds a question, one series for each collection; the labels give the memory."""
    _, axes = plt.subplots(figsize=(8, 4.5))
    for (name, measured), colour, marker, lift in zip(groups.items(), (ORANGE, BLUE), "so", (8, -15), strict=False):
        intervals = [one.recall_interval() for one in measured]
        heights = np.array([100 * interval.estimate for interval in intervals])
        below = heights - [100 * interval.low for interval in intervals]
        above = [100 * interval.high for interval in intervals] - heights
        times = [one.milliseconds for one in measured]
        errors = np.clip([below, above], 0, None)
        axes.errorbar(times, heights, yerr=errors, fmt=marker, color=colour, capsize=3, markersize=8, label=name)
        for one, height in zip(measured, heights, strict=True):
            label = f" {one.kind}, {one.megabytes:.0f} MB"
            axes.annotate(label, (one.milliseconds, height), xytext=(4, lift), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds a question, one at a time (logarithmic)")
    axes.set_ylabel("recall@10 against exact search (%)")
    axes.set_ylim(0, 112)
    axes.margins(x=0.15)
    axes.set_title("Exact and approximate search: time, memory, recall")
    style_axes(axes)
    axes.legend(frameon=False, loc="lower right")
    plt.tight_layout()
    return axes
