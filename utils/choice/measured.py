"""What the course measured, by key: means and paired differences, worked out from the results files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from utils.choice.sources import DIFFERENCES, LEVELS, MISSED, SKILLS, Comparison, Level, Score
from utils.metrics import Interval, bootstrap_interval, paired_difference

if TYPE_CHECKING:
    from utils.experiments import ArmScores
    from utils.experiments.skills import SkillResults

    Results = Mapping[str, Mapping[str, Mapping[str, ArmScores]]]  # by results file, split and arm


@dataclass(frozen=True)
class Measured:
    """A figure with its 95 % interval over documents, the number of questions, and how it is written."""

    label: str
    interval: Interval
    n: int
    text: str

    def __str__(self) -> str:
        return f"{self.label}: {self.text}, n = {self.n}"


def figures_of(keys: Iterable[str], measured: Mapping[str, Measured]) -> list[Measured]:
    """Return the figures with these keys, in their order. Raises ValueError, with its key, for one that is missing."""
    keys = list(keys)
    missing = [key for key in keys if key not in measured]
    if missing:
        raise ValueError(
            f"There is no measured figure {missing[0]!r}. `make results` or `make experiments` measures it."
        )
    return [measured[key] for key in keys]


def find_arm(results: "Results", score: Score) -> "ArmScores":
    """Return the arm that a score names; raise ValueError, with its name, where file, split or arm is missing."""
    if score.file not in results:
        raise ValueError(f"There are no results of {score.file!r}. `make results` or `make experiments` measures them.")
    if score.split not in results[score.file]:
        raise ValueError(
            f"The results of {score.file!r} have no split {score.split!r}. "
            "Run `make results` or `make experiments` again."
        )
    if score.arm not in results[score.file][score.split]:
        raise ValueError(
            f"{score.file}: {score.split}: there is no arm {score.arm!r}. "
            "Run `make results` or `make experiments` again."
        )
    return results[score.file][score.split][score.arm]


def values_of(arm: "ArmScores", measure: str) -> list[float]:
    """Return an arm's scores, one for each item."""
    if measure == MISSED:
        return [1 - value for value in arm.scores["containment"]]
    return arm.scores[measure]


def scores_by_fact(arm: "ArmScores", measure: str) -> dict[str, float]:
    """Return an arm's score for each fact. Raises ValueError when a fact is asked for more than once."""
    scores = dict(zip((item.fact_id for item in arm.items), values_of(arm, measure), strict=True))
    if len(scores) < len(arm.items):
        raise ValueError(f"{arm.arm}: a fact is asked for more than once. Keep one wording for each fact.")
    return scores


def measure_level(results: "Results", level: Level) -> Measured:
    """Return the mean of an arm's scores. Raises what `find_arm` raises."""
    arm = find_arm(results, level.score)
    interval = bootstrap_interval(values_of(arm, level.score.measure), [item.doc_id for item in arm.items])
    return Measured(level.label, interval, len(arm.items), str(interval))


def measure_difference(results: "Results", comparison: Comparison) -> Measured:
    """Return a paired difference, fact by fact; several scores on one side count with their mean.

    Raises what `find_arm` and `scores_by_fact` raise, and ValueError when no fact was asked for on both sides.
    """
    first = [scores_by_fact(find_arm(results, score), score.measure) for score in comparison.first]
    second = [scores_by_fact(find_arm(results, score), score.measure) for score in comparison.second]
    documents = {item.fact_id: item.doc_id for item in find_arm(results, comparison.first[0]).items}
    facts = [fact for fact in documents if all(fact in scores for scores in (*first, *second))]
    if not facts:
        raise ValueError(f"{comparison.label}: the two sides have no fact in common.")
    interval = paired_difference(
        [fmean(scores[fact] for scores in first) for fact in facts],
        [fmean(scores[fact] for scores in second) for fact in facts],
        [documents[fact] for fact in facts],
    )
    return Measured(comparison.label, interval, len(facts), interval.as_points())


def measure_skill(skill: "SkillResults", kind: str) -> Measured:
    """Return the adapter's main measure minus that of the base model with its best prompt."""
    from utils.skills import MEASURE_NAMES

    adapter, prompt = skill.arm(kind, "adapter"), skill.arm(kind, "prompt only")
    interval = adapter.difference(prompt)
    label = f"{kind}, adapter − prompt only ({MEASURE_NAMES[skill.task.main_measure]})"
    return Measured(label, interval, len(adapter.items), interval.as_points())


def measure_answers(results: "Results") -> dict[str, Measured]:
    """Return every figure that is made from answers to questions, by key. Raises what the parts raise."""
    levels = {key: measure_level(results, level) for key, level in LEVELS.items()}
    return levels | {key: measure_difference(results, comparison) for key, comparison in DIFFERENCES.items()}


def measure_skills(skills: Mapping[str, "SkillResults"]) -> dict[str, Measured]:
    """Return every figure about a skill, by key; `skills` is by kind. Raises ValueError for a kind without results."""
    missing = set(SKILLS.values()) - set(skills)
    if missing:
        raise ValueError(f"There are no results of the skill {min(missing)!r}. `make experiments` measures them.")
    return {key: measure_skill(skills[kind], kind) for key, kind in SKILLS.items()}


def by_kind(variants: Mapping[str, Mapping[str, "ArmScores"]]) -> dict[str, dict[str, "ArmScores"]]:
    """Turn scores by variant and kind of question into scores by kind and variant, as splits and arms are kept."""
    kinds = dict.fromkeys(kind for of_variant in variants.values() for kind in of_variant)
    return {kind: {name: of_variant[kind] for name, of_variant in variants.items()} for kind in kinds}


def read_answers() -> "Results":
    """Read the results of the head-to-head, of the reading experiments and of the training experiments.

    Raises what `read_results` raises. The imports stand here because they load the models' libraries.
    """
    from utils.data import items_for, load_facts
    from utils.experiments import load_settings, read_results
    from utils.experiments.protocol import handbook_passages
    from utils.experiments.reading import reading_items
    from utils.experiments.tuning import read_tuning
    from utils.models import load_embedder

    facts = load_facts()
    passages = handbook_passages(load_embedder(), load_settings())
    asked = {
        "head_to_head": [*items_for(facts, "train"), *items_for(facts, "test")],
        "reading": reading_items(facts, passages),
    }
    results = {
        name: {split: {arm.arm: arm for arm in arms} for split, arms in read_results(name, items).items()}
        for name, items in asked.items()
    }
    return results | {"tuning": by_kind(read_tuning(facts))}


def read_measured() -> dict[str, Measured]:
    """Return all of the course's figures for notebook 08 by key. Raises what reading the results files raises."""
    from utils.experiments.skills import read_skill
    from utils.skills import TASKS

    results = [read_skill(task) for task in TASKS.values()]
    skills = {kind: skill for skill in results for kind in skill.task.kinds}
    return measure_answers(read_answers()) | measure_skills(skills)
