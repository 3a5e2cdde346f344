"""Results of experiments: scored replies, the files that keep them, and the tables made from them."""

import hashlib
import json
import platform
import subprocess
import time
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from utils.data import DATA_FOLDER, Item, write_json
from utils.metrics import Interval, bootstrap_interval, containment, exact_match, token_f1
from utils.models import chosen_models
from utils.rag import AnswerSystem

PROTOCOL_VERSION = 2
RESULTS_FOLDER = DATA_FOLDER / "results"
MEASURES = {"em": exact_match, "containment": containment, "f1": token_f1}
HEADERS = {"em": "EM", "containment": "containment", "f1": "F1"}
PACKAGES = ("torch", "transformers", "peft", "sentence-transformers", "faiss-cpu", "bm25s")


@dataclass(frozen=True)
class ArmScores:
    """One system's replies to a list of items, scored: for each measure one value per item.

    `observed` holds what else was seen of each reply, by name (its confidence, say); None where it is undefined.
    """

    arm: str
    items: list[Item]
    replies: list[str]
    scores: dict[str, list[float]]
    seconds: float
    observed: dict[str, list[float | None]] = field(default_factory=dict)

    def interval(self, measure: str) -> Interval:
        """Return the mean of a measure with its 95 % interval over documents."""
        return bootstrap_interval(self.scores[measure], [item.doc_id for item in self.items])


def run_arm(arm: str, system: AnswerSystem, items: list[Item]) -> ArmScores:
    """Put every item's question to a system and score the replies. Raises ValueError when a reply is missing."""
    started = time.perf_counter()
    answers = system.answer([item.question for item in items])
    seconds = time.perf_counter() - started
    return score_replies(arm, items, [answer.text for answer in answers], seconds)


def score_replies(arm: str, items: list[Item], replies: list[str], seconds: float = 0.0) -> ArmScores:
    """Score replies to items by every measure. Raises ValueError unless there is exactly one reply for each item."""
    if not items or len(items) != len(replies):
        raise ValueError(f"{arm}: {len(items)} items but {len(replies)} replies; every item needs exactly one.")
    scores = {
        name: [measure(reply, item.answers) for reply, item in zip(replies, items, strict=True)]
        for name, measure in MEASURES.items()
    }
    return ArmScores(arm, items, replies, scores, seconds)


def comparison_table(arms: list[ArmScores]) -> pd.DataFrame:
    """Return one row for each arm: n and, for each measure, the mean in per cent with its 95 % interval."""
    rows = [
        {"n": len(arm.items)} | {HEADERS[measure]: str(arm.interval(measure)) for measure in MEASURES} for arm in arms
    ]
    return pd.DataFrame(rows, index=[arm.arm for arm in arms])


def data_sha256(folder: Path = DATA_FOLDER) -> str:
    """Return a SHA-256 over the handbook and its fact ledger, to tie results to the data they were measured on."""
    return files_sha256([*sorted(folder.glob("handbook/**/*.md")), folder / "questions" / "facts.jsonl"], folder)


def files_sha256(paths: list[Path], folder: Path) -> str:
    """Return a SHA-256 over files and their names below a folder; line ends count as \\n."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def describe_machine() -> dict[str, Any]:
    """Return what figures depend on: processor, cores, memory type of computation, GPU, and package versions."""
    from utils.models.generator import best_device, best_dtype

    device = best_device()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if device.type == "cuda" else None,
        "precision": str(best_dtype(device)).removeprefix("torch."),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
    }


def current_commit() -> str | None:
    """Return the commit of the checkout, or None outside of one."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, cwd=DATA_FOLDER, capture_output=True, text=True, timeout=10)
    except OSError:
        return None
    return done.stdout.strip() or None


def write_results(name: str, settings: dict[str, Any], arms: dict[str, list[ArmScores]]) -> Path:
    """Write the replies and scores of arms, by split, to data/results/<name>.json and return the path."""
    content = header(settings) | {"data_sha256": data_sha256()}
    content["splits"] = {split: [arm_record(arm) for arm in of_split] for split, of_split in arms.items()}
    path = RESULTS_FOLDER / f"{name}.json"
    write_json(path, content)
    return path


def write_measurements(name: str, settings: dict[str, Any], records: list[dict[str, Any]]) -> Path:
    """Write measurements that do not depend on the course's data to data/results/<name>.json and return the path."""
    path = RESULTS_FOLDER / f"{name}.json"
    write_json(path, header(settings) | {"records": records})
    return path


def header(settings: dict[str, Any]) -> dict[str, Any]:
    """Return what every results file says first: how, on what and when it was measured."""
    return {
        "protocol_version": PROTOCOL_VERSION,
        "settings": settings,
        "models": chosen_models(),
        "machine": describe_machine(),
        "commit": current_commit(),
        "date": date.today().isoformat(),
    }


def arm_record(arm: ArmScores) -> dict[str, Any]:
    """Return an arm's replies and per-item scores as plain values for a results file."""
    return {
        "arm": arm.arm,
        "seconds": round(arm.seconds, 1),
        "item_ids": [item.item_id for item in arm.items],
        "replies": arm.replies,
        "scores": rounded(arm.scores),
        "observed": arm.observed,
    }


def rounded(scores: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return scores as they stand in results files."""
    return {measure: [round(value, 4) for value in values] for measure, values in scores.items()}


def is_current(name: str, settings: dict[str, Any], data: str) -> bool:
    """Tell whether a results file was made with the present protocol and models, these settings and this data hash."""
    path = RESULTS_FOLDER / f"{name}.json"
    if not path.is_file():
        return False
    content = json.loads(path.read_text(encoding="utf-8"))
    made_with = [content.get(key) for key in ("protocol_version", "models", "data_sha256", "settings")]
    present = [PROTOCOL_VERSION, chosen_models(), data, settings]
    return made_with == json.loads(json.dumps(present))  # tuples become lists, as there


def read_results(name: str, items: list[Item], folder: Path = RESULTS_FOLDER) -> dict[str, list[ArmScores]]:
    """Read a results file; its items are looked up among `items`.

    Raises FileNotFoundError when it is missing, ValueError when it belongs to another protocol version or to other
    data, names an unknown item, or holds scores that its replies do not earn.
    """
    path, content = read_file(name, folder)
    if content["data_sha256"] != data_sha256():
        raise ValueError(
            f"{path}: measured on other data than data/ holds now. Run `make results` or `make experiments` again."
        )
    by_id = {item.item_id: item for item in items}
    unknown = {i for arms in content["splits"].values() for arm in arms for i in arm["item_ids"]} - set(by_id)
    if unknown:
        raise ValueError(f"{path}: the item {min(unknown)!r} is not among the questions.")
    return {split: [read_arm(arm, by_id, path) for arm in arms] for split, arms in content["splits"].items()}


def read_measurements(name: str, folder: Path = RESULTS_FOLDER) -> list[dict[str, Any]]:
    """Read what `write_measurements` wrote; raise FileNotFoundError or ValueError as `read_results` does."""
    return read_file(name, folder)[1]["records"]


def read_file(name: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return a results file's path and content; refuse a missing one and one of another protocol version."""
    path = folder / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such results file. `make results` or `make experiments` writes it.")
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["protocol_version"] != PROTOCOL_VERSION:
        raise ValueError(f"{path}: protocol version {content['protocol_version']}, expected {PROTOCOL_VERSION}.")
    return path, content


def read_arm(record: dict[str, Any], items: dict[str, Item], path: Path) -> ArmScores:
    """Score an arm's recorded replies again; raise ValueError when the recorded scores are not what they earn."""
    arm = score_replies(
        record["arm"], [items[name] for name in record["item_ids"]], record["replies"], record["seconds"]
    )
    if rounded(arm.scores) != record["scores"]:
        raise ValueError(
            f"{path}: the scores of {arm.arm!r} are not what its replies earn. "
            "Run `make results` or `make experiments` again."
        )
    observed = record.get("observed", {})
    if any(len(values) != len(arm.items) for values in observed.values()):
        raise ValueError(f"{path}: {arm.arm!r} has observations that are not one for each item.")
    return replace(arm, observed=observed)
