"""Asking for a skill, scoring the replies, and saying how sure the score is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.metrics import Interval, bootstrap_interval, paired_difference, percentile_interval, resampled_sums
from utils.models import Generator
from utils.skills.tasks import Prompt, SkillItem, Task

MICRO_F1 = "micro_f1"
MEASURE_NAMES = {
    "accuracy": "accuracy",
    MICRO_F1: "micro F1",
    "rouge_l": "ROUGE-L",
    "chrf": "chrF",
    "pass": "style and content",
}


@dataclass(frozen=True)
class SkillScores:
    """One system's replies to items of a task, scored: for each measure one value per item."""

    task: Task
    arm: str
    items: list[SkillItem]
    replies: list[str]
    scores: dict[str, list[float]]
    seconds: float

    @property
    def clusters(self) -> list[str]:
        """The cluster of each item."""
        return [item.cluster for item in self.items]

    def interval(self, measure: str | None = None) -> Interval:
        """Return a measure (the task's main one if none is given) with its 95 % interval over clusters."""
        measure = measure or self.task.main_measure
        if measure == MICRO_F1:
            return micro_f1_interval(self.scores, self.clusters)
        return bootstrap_interval(self.scores[measure], self.clusters)

    def difference(self, other: "SkillScores") -> Interval:
        """Return the main measure minus that of another system, paired. Raises ValueError unless items are the same."""
        if [item.item_id for item in self.items] != [item.item_id for item in other.items]:
            raise ValueError(f"{self.arm!r} and {other.arm!r} did not answer the same items.")
        measure = self.task.main_measure
        if measure == MICRO_F1:
            return micro_f1_difference(self.scores, other.scores, self.clusters)
        return paired_difference(self.scores[measure], other.scores[measure], self.clusters)


def ask(task: Task, generator: Generator, items: list[SkillItem], prompts: dict[str, Prompt]) -> list[str]:
    """Return a generator's replies to items, each asked with the prompt of its kind.

    Raises ValueError, as `Generator.generate` does, when a text and its answer do not fit into the context.
    """
    conversations = [task.messages(item, prompts[item.kind]) for item in items]
    return generator.generate(conversations, max_new_tokens=task.max_new_tokens)


def ask_adapter(task: Task, generator: Generator, items: list[SkillItem]) -> list[str]:
    """Return the replies of a generator with the task's adapter, asked as it was trained."""
    return ask(task, generator, items, {kind: task.adapter_prompt(kind) for kind in task.kinds})


def score_skill(task: Task, arm: str, items: list[SkillItem], replies: list[str], seconds: float = 0.0) -> SkillScores:
    """Score replies to items. Raises ValueError unless there is exactly one reply for each item."""
    if not items or len(items) != len(replies):
        raise ValueError(f"{arm}: {len(items)} items but {len(replies)} replies; every item needs exactly one.")
    rows = [task.score(reply, item.record) for reply, item in zip(replies, items, strict=True)]
    scores = {measure: [row[measure] for row in rows] for measure in rows[0]}
    return SkillScores(task, arm, items, replies, scores, seconds)


def run_skill(
    task: Task, arm: str, generator: Generator, items: list[SkillItem], prompts: dict[str, Prompt]
) -> SkillScores:
    """Ask a generator about every item and score its replies; seconds are those of the answering."""
    started = time.perf_counter()
    replies = ask(task, generator, items, prompts)
    return score_skill(task, arm, items, replies, time.perf_counter() - started)


def resampled_f1(counts: dict[str, Sequence[float]], clusters: Sequence[str], seed: int) -> np.ndarray:
    """Return micro F1, shape (1 + RESAMPLES,), of all items and of the draws of `metrics.resampled_sums`.

    Micro F1 is 2 · correct / (found + wanted), each summed over items first; it is 0 where nothing is found or wanted.
    """
    columns = [counts[name] for name in ("correct", "found", "wanted")]
    correct, found, wanted = resampled_sums(columns, clusters, seed=seed)
    total = found + wanted
    return np.divide(2 * correct, total, out=np.zeros_like(total), where=total > 0)


def micro_f1_interval(counts: dict[str, Sequence[float]], clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """Return micro F1 with a 95 % percentile bootstrap interval that resamples whole clusters (here: log lines).

    `counts` has for each item the entities that are `correct`, `found` and `wanted`.
    """
    return percentile_interval(resampled_f1(counts, clusters, seed))


def micro_f1_difference(
    counts: dict[str, Sequence[float]], baseline: dict[str, Sequence[float]], clusters: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return the micro F1 of counts minus that of a baseline on the same items, in the same draws of clusters."""
    return percentile_interval(resampled_f1(counts, clusters, seed) - resampled_f1(baseline, clusters, seed))
