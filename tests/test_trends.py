"""Published trends: verdicts from hand-made intervals, and our own differences from small hand-made results."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace

import matplotlib
import matplotlib.pyplot as plt
import pytest

from utils.choice.measured import (
    Measured,
    by_kind,
    find_arm,
    measure_answers,
    measure_difference,
    measure_level,
    measure_skills,
)
from utils.choice.published import ABSTRACT, READ, TRENDS
from utils.choice.sources import DIFFERENCES, KEYS, LEVELS, MISSED, SKILLS, Comparison, Level, Score
from utils.choice.trend_plot import STYLES, plot_trends
from utils.choice.trends import in_claimed_direction, trend_rows, verdict
from utils.data import DATA_FOLDER, Item
from utils.metrics import Interval

matplotlib.use("agg")
RESULTS = DATA_FOLDER / "results"


@dataclass
class Arm:
    """Stands in for `ArmScores`, whose module loads the models' libraries."""

    arm: str
    items: list[Item]
    scores: dict[str, list[float]]


def arm(name, values, *, facts=None, ending="train1"):
    facts = facts or [f"fact-{number}" for number in range(len(values))]
    items = [Item(f"{fact}/{ending}", "?", ["yes"], "phrase", fact, f"document of {fact}", "") for fact in facts]
    return Arm(name, items, {"containment": list(values), "em": [0.0] * len(values)})


def every_named_arm():
    results = {}
    scores = [s for comparison in DIFFERENCES.values() for s in (*comparison.second, *comparison.first)]
    for score in [*(level.score for level in LEVELS.values()), *scores]:
        of_split = results.setdefault(score.file, {}).setdefault(score.split, {})
        of_split[score.arm] = arm(score.arm, [0.0, 1.0, 0.0])
    return results


def figure(estimate, low, high, n=10):
    return Measured("a label", Interval(estimate, low, high), n, "text")


@pytest.mark.parametrize(
    ("interval", "expected", "word"),
    [
        (Interval(0.2, 0.1, 0.3), 1, "agrees"),
        (Interval(0.2, 0.1, 0.3), -1, "disagrees"),
        (Interval(-0.2, -0.3, -0.1), 1, "disagrees"),
        (Interval(-0.2, -0.3, -0.1), -1, "agrees"),
        (Interval(0.1, -0.1, 0.3), 1, "cannot tell"),
        (Interval(0.1, -0.1, 0.3), -1, "cannot tell"),
        (Interval(0.1, 0.0, 0.2), 1, "cannot tell"),
        (Interval(-0.1, -0.2, 0.0), 1, "cannot tell"),
        (Interval(-0.1, -0.2, 0.0), -1, "cannot tell"),
        (Interval(0.0, 0.0, 0.0), 1, "cannot tell"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side_of_zero(interval, expected, word):
    assert verdict(interval, expected) == word


@pytest.mark.parametrize("expected", [0, 2, None])
def test_a_claim_has_a_sign(expected):
    with pytest.raises(ValueError, match=f"expected is {expected}"):
        verdict(Interval(0.2, 0.1, 0.3), expected)


def test_a_claimed_fall_is_turned_round():
    assert in_claimed_direction(Interval(-0.2, -0.5, -0.1), -1) == Interval(0.2, 0.1, 0.5)


def test_changed_data_change_the_verdict():
    trend = replace(TRENDS[0], key="key", expected=1)
    shared = [f"fact-{number}" for number in range(6)]
    comparison = Comparison("first − second", (Score("f", "s", "one"),), (Score("f", "s", "two"),))

    def word(first, second):
        results = {"f": {"s": {"one": arm("one", first, facts=shared), "two": arm("two", second, facts=shared)}}}
        return trend_rows((trend,), {"key": measure_difference(results, comparison)})[0].verdict

    assert word([1.0] * 6, [0.0] * 6) == "agrees"
    assert word([0.0] * 6, [1.0] * 6) == "disagrees"
    assert word([1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]) == "cannot tell"


def test_a_difference_is_paired_by_fact_across_splits():
    first = arm("one", [1.0, 0.0], facts=["b", "a"])
    second = arm("two", [1.0, 1.0, 0.0], facts=["a", "c", "b"], ending="test1")
    results = {"f": {"trained": {"one": first}, "new": {"two": second}}}
    comparison = Comparison("label", (Score("f", "trained", "one"),), (Score("f", "new", "two"),))
    found = measure_difference(results, comparison)
    assert found.n == 2 and found.interval.estimate == 0.0  # b: 1 − 0, a: 0 − 1
    assert str(found) == f"label: {found.interval.as_points()}, n = 2"


def test_several_arms_on_one_side_count_with_their_mean():
    arms = {"1": arm("1", [1.0, 1.0]), "2": arm("2", [1.0, 0.0]), "3": arm("3", [0.0, 0.0])}
    comparison = Comparison("label", (Score("f", "s", "1"), Score("f", "s", "2")), (Score("f", "s", "3"),))
    assert measure_difference({"f": {"s": arms}}, comparison).interval.estimate == 0.75


def test_missed_is_what_is_not_contained():
    results = {"f": {"s": {"one": arm("one", [1.0, 0.0, 0.0, 0.0])}}}
    assert measure_level(results, Level("label", Score("f", "s", "one", MISSED))).interval.estimate == 0.75
    assert measure_level(results, Level("label", Score("f", "s", "one"))).text.startswith("25 %")


def test_what_is_missing_is_named():
    results = {"head_to_head": {"a split": {"an arm": arm("an arm", [1.0])}}}
    for score, name in (
        (Score("reading", "a split", "an arm"), "'reading'"),
        (Score("head_to_head", "another split", "an arm"), "'another split'"),
        (Score("head_to_head", "a split", "another arm"), "'another arm'"),
    ):
        with pytest.raises(ValueError, match=name):
            find_arm(results, score)
    with pytest.raises(ValueError, match="'triage'"):
        measure_skills({kind: None for kind in SKILLS.values() if kind != "triage"})
    with pytest.raises(ValueError, match=repr(TRENDS[0].key)):
        trend_rows(TRENDS, {})


def test_facts_must_match_and_be_asked_once():
    score = Score("f", "s", "one"), Score("f", "s", "two")
    comparison = Comparison("label", score[:1], score[1:])
    other = {"one": arm("one", [1.0], facts=["a"]), "two": arm("two", [1.0], facts=["b"])}
    with pytest.raises(ValueError, match="no fact in common"):
        measure_difference({"f": {"s": other}}, comparison)
    twice = {"one": arm("one", [1.0, 0.0], facts=["a", "a"]), "two": arm("two", [1.0], facts=["a"])}
    with pytest.raises(ValueError, match="more than once"):
        measure_difference({"f": {"s": twice}}, comparison)


def test_every_figure_that_is_named_can_be_worked_out():
    assert set(measure_answers(every_named_arm())) | set(SKILLS) == KEYS


def test_training_variants_are_kept_by_kind_of_question():
    variants = {"base": {"old": "a", "new": "b"}, "wordings-1": {"old": "c", "new": "d"}}
    assert by_kind(variants) == {"old": {"base": "a", "wordings-1": "c"}, "new": {"base": "b", "wordings-1": "d"}}


def test_a_comparison_says_which_scores_are_compared():
    text = str(DIFFERENCES["memory_over_access"])
    assert text == (
        "questions adapter (head_to_head: trained facts, trained wording; containment) minus "
        "questions adapter (head_to_head: trained facts, new wording; containment)"
    )


def committed_arms(file):
    """Return the arms of a committed results file by split, as `read_answers` would, without loading any model."""
    splits = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))["splits"]
    return {split: {record["arm"] for record in records} for split, records in splits.items()}


def test_the_committed_training_variants_hold_every_kind_that_is_named():
    scores = [level.score for level in LEVELS.values()]
    scores += [score for comparison in DIFFERENCES.values() for score in (*comparison.first, *comparison.second)]
    for score in (score for score in scores if score.file == "tuning"):
        assert score.split in committed_arms(f"tuning/{score.arm}")


@pytest.mark.parametrize("file", ["reading", "head_to_head"])
def test_the_committed_results_hold_every_arm_that_is_named(file):
    arms = committed_arms(file)
    scores = [level.score for level in LEVELS.values()]
    scores += [score for comparison in DIFFERENCES.values() for score in (*comparison.first, *comparison.second)]
    assert not [str(s) for s in scores if s.file == file and s.arm not in arms.get(s.split, set())]


def test_every_trend_names_a_difference_its_source_and_what_differs():
    assert len({trend.id for trend in TRENDS}) == len({trend.direction for trend in TRENDS}) == len(TRENDS) >= 7
    for trend in TRENDS:
        assert trend.key in DIFFERENCES and trend.expected in (1, -1)
        assert trend.seen in (READ, ABSTRACT) or trend.seen.startswith("reported by")
        assert trend.source and trend.statement and trend.direction and trend.caveat


def test_a_table_has_the_figure_with_its_n_and_the_verdict():
    row = trend_rows(TRENDS[:1], {TRENDS[0].key: figure(0.2, 0.1, 0.3, n=37)})[0]
    assert row.cells()["measured here"] == "a label: text, n = 37"
    assert "agrees" in row.cells()["verdict"] and TRENDS[0].seen in row.cells()["published"]


def test_verdicts_are_told_apart_without_colour():
    assert len({style["marker"] for style in STYLES.values()}) == len(STYLES)
    keys = [trend.key for trend in TRENDS[:3]]
    figures = [figure(0.2, 0.1, 0.3), figure(-0.2, -0.3, -0.1), figure(0.0, -0.1, 0.1)]
    axes = plot_trends(trend_rows(TRENDS[:3], dict(zip(keys, figures, strict=True))))
    drawn = [line.get_marker() for line in axes.lines if line.get_marker() != "None" and len(line.get_xdata()) == 1]
    plt.close(axes.figure)
    assert drawn == ["o", "X", "s"]


def test_nothing_of_the_models_is_loaded_to_judge():
    code = "import sys, utils.choice.trends, utils.choice.article_table; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=DATA_FOLDER.parent, check=False).returncode == 0
