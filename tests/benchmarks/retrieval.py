"""The speed of embedding and retrieval, as ratios within one run. From the repository's root:

python -m tests.benchmarks.retrieval [--passages N] [--runs N] [--json FILE]

Compare only ratios across machines, and run nothing else meanwhile. The passages are cut from docstrings of the
installed packages; they and their vectors are kept in build/benchmarks/, because embedding 100,000 takes minutes.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median

import faiss
import numpy as np

from utils.corpus import Document, Passage, load_documents, split_into_passages
from utils.data import HANDBOOK_FOLDER, write_json
from utils.docstrings import DocstringPair, load_docstrings
from utils.experiments.results import describe_machine
from utils.models import Embedder, load_embedder
from utils.models.weights import EMBEDDER_WEIGHTS, find_weights
from utils.retrieval import DenseRetriever, HybridRetriever, LexicalRetriever
from utils.retrieval.dense import KINDS, build_index, search_index
from utils.retrieval.storage import passages_from_bytes, passages_to_bytes

CACHE_FOLDER = Path("build/benchmarks")
PASSAGE_TOKENS = 96  # of docstrings: at 128 the installed packages give fewer than 100,000 passages
K = 10
SINGLE_QUERIES = 50
BATCH = 64
RECALL_QUERIES = 512
LONGEST_QUERY = 100  # characters; a summary that is longer is no question that a person would type
AIMS = {"hnsw": ("≥ 0.97", "≥ 5")}  # recall, speed one query at a time


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    figure: str
    value: float
    aim: str = ""


@dataclass(frozen=True)
class Collection:
    """Passages with their vectors, and queries whose answers are among them."""

    passages: list[Passage]
    vectors: np.ndarray
    queries: list[str]


def report(message: str) -> None:
    """Say on the error stream what is being done, and when."""
    print(f"{time.strftime('%H:%M:%S')} {message} …", file=sys.stderr, flush=True)


def alternate(first: Callable[[], object], second: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the median seconds of two calls that take turns `runs` times, after one of each that does not count."""
    first(), second()
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for call, taken in zip((first, second), seconds, strict=True):
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    return median(seconds[0]), median(seconds[1])


def load_collection(embedder: Embedder, n: int) -> Collection:
    """Return up to n passages of docstrings, from the cache if it has them."""
    report("reading docstrings")
    pairs = load_docstrings(n)  # each gives at least one passage
    settings = f"{n} {PASSAGE_TOKENS} {embedder.name} {embedder.model.dtype}"
    digest = hashlib.sha256(f"{settings} {[(pair.name, pair.body) for pair in pairs]}".encode()).hexdigest()[:16]
    texts_path, vectors_path = (CACHE_FOLDER / f"docstrings-{digest}{suffix}" for suffix in (".jsonl", ".npy"))
    if not vectors_path.exists():
        CACHE_FOLDER.mkdir(parents=True, exist_ok=True)
        report("cutting passages")
        documents = list(map(as_document, pairs))
        passages = split_into_passages(documents, embedder.count_tokens, max_tokens=PASSAGE_TOKENS)[:n]
        texts_path.write_bytes(passages_to_bytes(passages))
        report(f"embedding {len(passages):,} passages")
        unfinished = vectors_path.with_suffix(".unfinished.npy")
        np.save(unfinished, embedder.embed([passage.titled_text for passage in passages]))
        unfinished.replace(vectors_path)
    passages = passages_from_bytes(texts_path.read_bytes())
    found = {passage.doc_id for passage in passages}
    summaries = [pair.summary for pair in pairs if pair.name in found and len(pair.summary) <= LONGEST_QUERY]
    queries = summaries[:: max(1, len(summaries) // RECALL_QUERIES)][:RECALL_QUERIES]
    return Collection(passages, np.load(vectors_path), queries)


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


def measure_embedding(embedder: Embedder, n: int, runs: int) -> list[Row]:
    """Compare our embedding of up to n passages of the handbook with that of sentence-transformers as it comes."""
    from sentence_transformers import SentenceTransformer

    stock = SentenceTransformer(str(find_weights(EMBEDDER_WEIGHTS).parent))
    passages = split_into_passages(load_documents(HANDBOOK_FOLDER), embedder.count_tokens)[:n]
    texts = [passage.titled_text for passage in passages]
    report(f"embedding {len(texts):,} passages of the handbook, {runs + 1} times in two ways")
    ours, theirs = alternate(lambda: embedder.embed(texts), lambda: stock.encode(texts, show_progress_bar=False), runs)
    cosines = (embedder.embed(texts) * stock.encode(texts, show_progress_bar=False)).sum(axis=1)
    return [
        Row("embedding: our passages/s over those of SentenceTransformer.encode", theirs / ours, "≥ 2.5"),
        Row("embedding: our passages/s", len(texts) / ours),
        Row("embedding: mean cosine of the two", float(cosines.mean()), "≥ 0.999"),
    ]


def measure_queries(embedder: Embedder, collection: Collection, runs: int) -> list[Row]:
    """Compare a hybrid query with embedding it alone, and batches with one query at a time."""
    report("building the exact and the lexical index")
    dense = DenseRetriever.from_vectors(collection.passages, collection.vectors, embedder)
    hybrid = HybridRetriever(dense, LexicalRetriever.from_passages(collection.passages))
    report("asking one query at a time")
    pairs = [
        alternate(lambda q=query: hybrid.search([q], K), lambda q=query: embedder.embed([q]), runs)
        for query in collection.queries[:SINGLE_QUERIES]
    ]
    searching, embedding = (median(column) for column in zip(*pairs, strict=True))
    rows = [
        Row("hybrid: seconds of one query over those of embedding it alone", searching / embedding, "≤ 3"),
        Row("hybrid: milliseconds of one query", 1000 * searching),
    ]
    batch = collection.queries[:BATCH]
    for name, retriever, aim in (("dense", dense, "≥ 5"), ("hybrid", hybrid, "≥ 2")):
        report(f"asking {len(batch)} {name} queries together and one at a time")
        together, alone = alternate(
            lambda r=retriever: r.search(batch, K), lambda r=retriever: [r.search([q], K) for q in batch], runs
        )
        rows += [
            Row(f"{name}: queries/s of batches of {len(batch)} over one at a time", alone / together, aim),
            Row(f"{name}: queries/s of batches of {len(batch)}", len(batch) / together),
        ]
    return rows


def measure_indexes(embedder: Embedder, collection: Collection, runs: int) -> list[Row]:
    """Compare the approximate indexes with exact search, the queries embedded beforehand."""
    questions = embedder.embed(collection.queries)
    exact = build_index(collection.vectors, "exact")
    _, best = search_index(exact, questions, K)
    rows = [Row("exact: index in MB", megabytes(exact))]
    for kind in KINDS[1:]:
        report(f"building {kind}")
        recall_aim, speed_aim = AIMS.get(kind, ("", ""))
        index = build_index(collection.vectors, kind)
        _, found = search_index(index, questions, K)
        rows += [
            Row(f"{kind}: recall@{K} of exact", recall(questions, collection.vectors, found, best), recall_aim),
            Row(
                f"{kind}: speed over exact, one query at a time",
                speed(index, exact, questions, 1, runs),
                speed_aim,
            ),
            Row(f"{kind}: speed over exact, batches of {BATCH}", speed(index, exact, questions, BATCH, runs)),
            Row(f"{kind}: index in MB", megabytes(index)),
        ]
    return rows


def recall(questions: np.ndarray, vectors: np.ndarray, found: np.ndarray, best: np.ndarray) -> float:
    """Return the mean share of the best that was found; a passage as near as the last of the best counts as one."""
    shares = []
    for question, rows, best_rows in zip(questions, found, best, strict=True):
        least = (vectors[best_rows] @ question).min() - 1e-5
        shares.append((vectors[rows[rows >= 0]] @ question >= least).sum() / len(best_rows))
    return float(np.mean(shares))


def speed(index: faiss.Index, exact: faiss.Index, questions: np.ndarray, size: int, runs: int) -> float:
    """Return how many times as fast as exact search an index answers, in batches of a size."""
    batches = [questions[start : start + size] for start in range(0, min(len(questions), 2 * BATCH), size)]

    def ask(asked: faiss.Index) -> Callable[[], object]:
        return lambda: [search_index(asked, batch, K) for batch in batches]

    taken, taken_by_exact = alternate(ask(index), ask(exact), runs)
    return taken_by_exact / taken


def megabytes(index: faiss.Index) -> float:
    """Return the size of an index in MB (10⁶ bytes), as it would be written to a file."""
    return len(faiss.serialize_index(index)) / 1e6


def print_table(rows: list[Row], title: str) -> None:
    """Print the table with its title."""
    width = max(len(row.figure) for row in rows)
    print(title)
    for row in rows:
        print(f"{row.figure:<{width}}  {row.value:>12,.4g}  {row.aim}".rstrip())


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.retrieval", description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=100_000, help="how many to search (256 or more)")
    parser.add_argument("--runs", type=int, default=5, help="how often each call is timed; medians are shown")
    parser.add_argument("--json", type=Path, help="a file to write the table to")
    arguments = parser.parse_args()
    if arguments.passages < 256 or arguments.runs < 1:
        parser.error("--passages must be 256 or more, --runs 1 or more")

    embedder = load_embedder()
    collection = load_collection(embedder, arguments.passages)
    rows = [
        *measure_embedding(embedder, arguments.passages, arguments.runs),
        *measure_queries(embedder, collection, arguments.runs),
        *measure_indexes(embedder, collection, arguments.runs),
    ]
    machine = describe_machine()
    title = f"{len(collection.passages):,} passages, {arguments.runs} runs, {date.today()}"
    print_table(rows, f"{title}\n{machine}")
    if arguments.json:
        content = {"passages": len(collection.passages), "runs": arguments.runs, "date": str(date.today())}
        write_json(arguments.json, content | {"machine": machine, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
