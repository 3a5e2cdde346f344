"""The speed of embedding and retrieval, as ratios within one run. From the repository's root:

python -m tests.benchmarks.retrieval [--passages N] [--runs N] [--json FILE]

Compare only ratios across machines, and run nothing else meanwhile. The passages are cut from docstrings of the
installed packages; they and their vectors are kept in build/docstrings/, because embedding 100,000 takes minutes.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import torch

from tests.benchmarks.table import Row, alternate, print_table, report
from utils.corpus import load_documents, split_into_passages
from utils.data import HANDBOOK_FOLDER, write_json
from utils.experiments.index_scale import Collection, docstring_collection, megabytes
from utils.experiments.results import describe_machine
from utils.models import Embedder, load_embedder
from utils.models.generator import best_device, best_dtype
from utils.models.weights import EMBEDDER_WEIGHTS, find_weights
from utils.retrieval import DenseRetriever, HybridRetriever, LexicalRetriever
from utils.retrieval.dense import KINDS, build_index, search_index

K = 10
SINGLE_QUERIES = 50
BATCH = 64
AIMS = {"hnsw": ("≥ 0.97", "≥ 5")}  # recall, speed one query at a time


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


def measure_products(runs: int) -> list[Row]:
    """Compare matrix products of the embedder's sizes in our precision and in float32: what embedding could gain."""
    lower = best_dtype(best_device())
    states, weights = torch.randn(2048, 384), torch.randn(384, 1536)
    low_states, low_weights = states.to(lower), weights.to(lower)
    ours, theirs = alternate(
        lambda: [low_states @ low_weights for _ in range(50)], lambda: [states @ weights for _ in range(50)], runs
    )
    return [Row("embedding: speed of the matrix products alone, in our precision over float32", theirs / ours)]


def measure_queries(embedder: Embedder, collection: Collection, runs: int) -> list[Row]:
    """Compare a hybrid query with embedding it alone, and batches with one query at a time."""
    report("building the exact and the lexical index")
    dense = DenseRetriever.from_vectors(collection.passages, collection.vectors, embedder)
    hybrid = HybridRetriever(dense, LexicalRetriever.from_passages(collection.passages))
    report("asking one query at a time")
    pairs = [
        alternate(lambda q=query: hybrid.search([q], K), lambda q=query: embedder.embed([q]), runs)
        for query in collection.questions[:SINGLE_QUERIES]
    ]
    searching, embedding = (median(column) for column in zip(*pairs, strict=True))
    rows = [
        Row("hybrid: seconds of one query over those of embedding it alone", searching / embedding, "≤ 3"),
        Row("hybrid: milliseconds of one query", 1000 * searching),
    ]
    batch = collection.questions[:BATCH]
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
    questions = embedder.embed(collection.questions)
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
    report("reading docstrings, and embedding them if that was not done before")
    collection = docstring_collection(embedder, arguments.passages)
    rows = [
        *measure_embedding(embedder, arguments.passages, arguments.runs),
        *measure_products(arguments.runs),
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
