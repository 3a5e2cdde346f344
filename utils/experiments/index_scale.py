"""Exact against approximate search on real text: recall, latency and memory of each kind of index."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import faiss
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.docstrings import load_docstrings
from utils.experiments.results import RESULTS_FOLDER, read_measurements, write_measurements
from utils.metrics import Interval, bootstrap_interval
from utils.models import Embedder
from utils.plots import BLUE, ORANGE, style_axes
from utils.retrieval.dense import KINDS, build_index, search_index

NAME = "index_scale"
NEIGHBOURS = 10
BODY_CHARACTERS = 600  # about as many as the embedder reads
MOST_DOCSTRINGS = 120_000
QUESTIONS = 500


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
        megabytes = len(faiss.serialize_index(index)) / 1e6
        measured.append(IndexMeasurement(kind, len(vectors), recalls, milliseconds, megabytes, build_seconds))
    return measured


def search_one_at_a_time(index: faiss.Index, questions: np.ndarray) -> tuple[list[set[int]], float]:
    """Return for each question the rows that were found, and the median time of a question in milliseconds."""
    found, times = [], []
    for question in questions:
        started = time.perf_counter()
        _, rows = search_index(index, question[None], NEIGHBOURS)
        times.append(time.perf_counter() - started)
        found.append(set(rows[0].tolist()))
    return found, 1000 * median(times)


def run_index_scale(embedder: Embedder) -> None:
    """Measure all docstrings of the installed packages, up to a limit, and write data/results/index_scale.json."""
    pairs = load_docstrings(MOST_DOCSTRINGS)
    vectors = embedder.embed([pair.body[:BODY_CHARACTERS] for pair in pairs])
    questions = embedder.embed([pair.summary for pair in pairs[:: max(1, len(pairs) // QUESTIONS)]])
    settings = {"docstrings": len(pairs), "questions": len(questions), "body_characters": BODY_CHARACTERS}
    write_measurements(NAME, settings, [asdict(measured) for measured in measure_indexes(vectors, questions)])


def read_index_scale(folder: Path = RESULTS_FOLDER) -> list[IndexMeasurement]:
    """Read the committed measurements. Raises what `read_measurements` raises."""
    return [IndexMeasurement(**record) for record in read_measurements(NAME, folder)]


def plot_indexes(groups: dict[str, list[IndexMeasurement]]) -> Axes:
    """Draw recall@10 against milliseconds a question, one series for each collection; the labels give the memory."""
    _, axes = plt.subplots(figsize=(8, 4.5))
    for (name, measured), colour, marker in zip(groups.items(), (ORANGE, BLUE), "so", strict=False):
        intervals = [one.recall_interval() for one in measured]
        heights = np.array([100 * interval.estimate for interval in intervals])
        below = heights - [100 * interval.low for interval in intervals]
        above = [100 * interval.high for interval in intervals] - heights
        times = [one.milliseconds for one in measured]
        errors = np.clip([below, above], 0, None)
        axes.errorbar(times, heights, yerr=errors, fmt=marker, color=colour, capsize=3, markersize=8, label=name)
        for one, height in zip(measured, heights, strict=True):
            label = f" {one.kind}, {one.megabytes:.0f} MB"
            axes.annotate(label, (one.milliseconds, height), xytext=(4, -14), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds a question, one at a time (logarithmic)")
    axes.set_ylabel("recall@10 against exact search (%)")
    axes.set_ylim(0, 106)
    axes.set_title("Exact and approximate search: time, memory, recall")
    style_axes(axes)
    axes.legend(frameon=False, loc="lower right")
    plt.tight_layout()
    return axes
