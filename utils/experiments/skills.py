"""Notebook 06 at full length: for each skill its baselines, the prompt-only base model and the adapter, on test items.

The base model's prompt and the baseline to compare with are chosen on development items. One results file for each
task, so a broken-off run goes on where it stopped.
"""

import hashlib
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.data import DATA_FOLDER, write_json
from utils.experiments import results
from utils.experiments.protocol import ADAPTERS_FOLDER, ready_adapter
from utils.experiments.settings import AdapterSettings
from utils.finetuning import read_card
from utils.finetuning.adapters import WEIGHTS_FILE
from utils.models import Embedder, Generator
from utils.skills import TASKS, SkillItem, SkillScores, Task, check_classes, run_skill, score_skill

DEV_ITEMS = 40  # of each kind, to choose a prompt on
TEST_ITEMS = 200  # of each kind; smaller test splits are used whole
BASE, ADAPTER = "prompt only", "adapter"


@dataclass(frozen=True)
class SkillResults:
    """What was measured of one task. `dev` and `test` hold arms by name for each kind of item.

    `prompts` and `baselines` name, for each kind, what was best on dev. `adapter` has `training_seconds`, `megabytes`,
    `trained_tokens` and `rank`.
    """

    task: Task
    prompts: dict[str, str]
    baselines: dict[str, str]
    dev: dict[str, dict[str, SkillScores]]
    test: dict[str, dict[str, SkillScores]]
    adapter: dict[str, float]
    machine: dict[str, Any]

    def arm(self, kind: str, name: str) -> SkillScores:
        """Return a test arm: "prompt only", "adapter", or "baseline" for the one that was best on dev."""
        return self.test[kind][self.baselines[kind] if name == "baseline" else name]


def sample(items: list[SkillItem], kind: str, at_most: int) -> list[SkillItem]:
    """Return all items of a kind, or a fixed random sample if there are more than `at_most`."""
    of_kind = [item for item in items if item.kind == kind]
    return of_kind if len(of_kind) <= at_most else random.Random(0).sample(of_kind, at_most)


def task_sha256(task: Task, folder: Path = DATA_FOLDER) -> str:
    """Return a SHA-256 over the three splits of a task's data, to tie results to the data they were measured on."""
    paths = [folder / "tasks" / name / f"{split}.jsonl" for name in task.folders for split in ("train", "dev", "test")]
    return results.files_sha256(paths, folder)


def skill_settings(task: Task) -> dict[str, Any]:
    """Return what a task's results depend on beside its data."""
    prompts = {kind: list(of_kind.items()) for kind, of_kind in task.prompts.items()}
    return {
        "lora": asdict(task.lora),
        "passes": task.passes,
        "max_new_tokens": task.max_new_tokens,
        "prompts_sha256": hashlib.sha256(repr(prompts).encode()).hexdigest(),
        "dev_items": DEV_ITEMS,
        "test_items": TEST_ITEMS,
    }


def best_arm(arms: list[SkillScores]) -> str:
    """Return the name of the arm with the highest main measure, the earlier one among equals."""
    return max(arms, key=lambda arm: arm.interval().estimate).arm


def baseline_arms(task: Task, train: list[SkillItem], items: list[SkillItem], embedder: Embedder) -> list[SkillScores]:
    """Return the scored replies of a task's baselines to items."""
    return [score_skill(task, name, items, replies) for name, replies in task.baselines(train, items, embedder).items()]


def measure_skill(
    task: Task, base: Generator, embedder: Embedder
) -> tuple[dict[str, list[SkillScores]], dict[str, dict[str, str]]]:
    """Choose on dev, train or load the adapter, and run every arm on test.

    Returns the arms by split and kind, and what was chosen. Raises ValueError when the test split has a class that
    training never saw.
    """
    train, dev, test = task.load("train"), task.load("dev"), task.load("test")
    check_classes(task, train, test)
    arms: dict[str, list[SkillScores]] = {}
    chosen: dict[str, dict[str, str]] = {"prompts": {}, "baselines": {}}
    for kind in task.kinds:
        items = sample(dev, kind, DEV_ITEMS)
        prompts = [run_skill(task, name, base, items, {kind: prompt}) for name, prompt in task.prompts[kind].items()]
        baselines = baseline_arms(task, train, items, embedder)
        chosen["prompts"][kind], chosen["baselines"][kind] = best_arm(prompts), best_arm(baselines)
        arms[f"dev: {kind}"] = [*prompts, *baselines]
        report(f"dev: {kind}", arms)
    adapter = ready_adapter(
        task.name,
        base,
        task.training_passes(train),
        AdapterSettings(lora=task.lora, passes=task.passes),
        ADAPTERS_FOLDER / task.name,
    )
    for kind in task.kinds:
        items = sample(test, kind, TEST_ITEMS)
        best_prompt = task.prompts[kind][chosen["prompts"][kind]]
        arms[f"test: {kind}"] = [
            *baseline_arms(task, train, items, embedder),
            run_skill(task, BASE, base, items, {kind: best_prompt}),
            run_skill(task, ADAPTER, adapter, items, {kind: task.adapter_prompt(kind)}),
        ]
        report(f"test: {kind}", arms)
    return arms, chosen


def report(split: str, arms: dict[str, list[SkillScores]]) -> None:
    """Print the main measure of every arm of a split."""
    for arm in arms[split]:
        print(f"{split}: {arm.arm}: {arm.task.main_measure} {arm.interval()}", flush=True)


def adapter_facts(task: Task) -> dict[str, float]:
    """Return what a task's ready-made adapter cost: seconds and tokens of training, megabytes on disk, and its rank."""
    folder = ADAPTERS_FOLDER / task.name
    card = read_card(folder)
    return {
        "training_seconds": card["training_seconds"],
        "trained_tokens": card["trained_tokens"],
        "megabytes": round((folder / WEIGHTS_FILE).stat().st_size / 1e6, 1),
        "rank": card["settings"]["rank"],
    }


def skill_record(arm: SkillScores) -> dict[str, Any]:
    """Return an arm's replies and per-item scores as plain values for a results file."""
    return {
        "arm": arm.arm,
        "seconds": round(arm.seconds, 1),
        "item_ids": [item.item_id for item in arm.items],
        "replies": arm.replies,
        "scores": results.rounded(arm.scores),
    }


def file_name(task: Task) -> str:
    """Return the name of a task's results file in data/results/, without its ending."""
    return f"skills-{task.name}"


def skill_is_current(task: Task) -> bool:
    """Tell whether a task's results file was made with the present protocol, data and settings."""
    return results.is_current(file_name(task), skill_settings(task), task_sha256(task))


def write_skill(task: Task, arms: dict[str, list[SkillScores]], chosen: dict[str, dict[str, str]]) -> Path:
    """Write a task's replies and scores, by split and kind, to its results file and return the path."""
    content = results.header(skill_settings(task)) | {"data_sha256": task_sha256(task), "chosen": chosen}
    content["adapter"] = adapter_facts(task)
    content["splits"] = {split: [skill_record(arm) for arm in of_split] for split, of_split in arms.items()}
    path = results.RESULTS_FOLDER / f"{file_name(task)}.json"
    write_json(path, content)
    return path


def run_skills(base: Generator, embedder: Embedder) -> None:
    """Measure every task whose results file is missing or out of date."""
    for task in TASKS.values():
        if not skill_is_current(task):
            arms, chosen = measure_skill(task, base, embedder)
            write_skill(task, arms, chosen)


def read_skill(task: Task, folder: Path | None = None) -> SkillResults:
    """Read a task's results file and score its replies again.

    Raises FileNotFoundError when it is missing, ValueError when it belongs to another protocol version or to other
    data, names an unknown item, or holds scores that its replies do not earn.
    """
    path, content = results.read_file(file_name(task), folder or results.RESULTS_FOLDER)
    if content["data_sha256"] != task_sha256(task):
        raise ValueError(f"{path}: measured on other data than data/tasks/ holds now. Run `make experiments` again.")
    items = {item.item_id: item for split in ("dev", "test") for item in task.load(split)}
    by_split: dict[str, dict[str, SkillScores]] = {}
    for split, records in content["splits"].items():
        by_split[split] = {record["arm"]: read_skill_arm(task, record, items, path) for record in records}
    return SkillResults(
        task=task,
        prompts=content["chosen"]["prompts"],
        baselines=content["chosen"]["baselines"],
        dev={kind: by_split[f"dev: {kind}"] for kind in task.kinds},
        test={kind: by_split[f"test: {kind}"] for kind in task.kinds},
        adapter=content["adapter"],
        machine=content["machine"],
    )


def read_skill_arm(task: Task, record: dict[str, Any], items: dict[str, SkillItem], path: Path) -> SkillScores:
    """Score an arm's recorded replies again; raise ValueError when the recorded scores are not what they earn."""
    unknown = sorted(set(record["item_ids"]) - set(items))
    if unknown:
        raise ValueError(f"{path}: the item {unknown[0]!r} is not in the dev or test split of {task.name}.")
    of_arm = [items[name] for name in record["item_ids"]]
    arm = score_skill(task, record["arm"], of_arm, record["replies"], record["seconds"])
    if results.rounded(arm.scores) != record["scores"]:
        raise ValueError(
            f"{path}: the scores of {arm.arm!r} are not what its replies earn. Run `make experiments` again."
        )
    return arm
