"""Confidences, the threshold and the risk–coverage curve, against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.corpus import Passage
from utils.rag import (
    area_under_risk_coverage,
    calibrate_threshold,
    gain_over_random,
    risk_coverage_curve,
    score_times_support,
)
from utils.retrieval import Hit

HITS = [
    Hit(Passage("a#1", "a", "Winch", "The cable guide is wiped with lanolin."), 0.6),
    Hit(Passage("b#1", "b", "Bread", "Rye bread is baked on Fridays."), 0.4),
]


def test_the_confidence_by_hand():
    assert score_times_support("lanolin", HITS) == pytest.approx(0.6)
    assert score_times_support("on Fridays, perhaps", HITS) == pytest.approx(0.6 * 2 / 3)
    assert score_times_support("graphite", HITS) == score_times_support("", HITS) == 0.0
    assert score_times_support("lanolin", []) == 0.0


def test_the_threshold_keeps_the_wanted_share_of_the_answerable():
    confidences = [0.9, 0.8, 0.7, 0.6, 0.5, 0.95, 0.1]
    answerable = [True] * 5 + [False] * 2
    assert calibrate_threshold(confidences, answerable) == 0.6  # 4 of 5
    assert calibrate_threshold(confidences, answerable, coverage=0.81) == 0.5
    assert calibrate_threshold(confidences, answerable, coverage=1) == 0.5
    assert calibrate_threshold(np.arange(100) / 100, [True] * 100, coverage=0.55) == 0.45  # 55 of 100, not 56


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0.01, 1))
def test_at_least_the_coverage_is_kept_and_a_higher_threshold_would_not_do(confidences, coverage):
    threshold = calibrate_threshold(confidences, [True] * len(confidences), coverage=coverage)
    values = np.array(confidences)
    assert np.mean(values >= threshold) >= coverage - 1e-6
    assert np.mean(values > threshold) < coverage


def test_the_curve_by_hand():
    coverages, risks = risk_coverage_curve([0.2, 0.9, 0.5, 0.7], [0, 1, 1, 0])
    assert coverages.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risks == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert area_under_risk_coverage([0.2, 0.9, 0.5, 0.7], [0, 1, 1, 0]) == pytest.approx(np.mean(risks))


def test_equal_confidences_are_in_random_order():
    # the tied pair has one error, so half an error is expected in each place
    assert risk_coverage_curve([0.9, 0.5, 0.5], [1, 0, 1])[1] == pytest.approx([0, 0.25, 1 / 3])
    assert area_under_risk_coverage([0.5] * 5, [1, 0, 0, 1, 0]) == pytest.approx(0.6)  # knowing nothing is random


def test_the_gain_over_random_is_sure_for_a_good_confidence_and_not_for_noise():
    correct = [1, 0] * 50
    clusters = [str(number // 4) for number in range(100)]
    good = gain_over_random(correct, correct, clusters)
    assert good.estimate == pytest.approx(0.5 - area_under_risk_coverage(correct, correct)) and good.low > 0
    noise = gain_over_random(np.random.default_rng(0).random(100), correct, clusters)
    assert noise.low < 0 < noise.high
    assert gain_over_random([0.5] * 100, correct, clusters) == pytest.approx((0, 0, 0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibrate_threshold([0.5], [True], coverage=0), "coverage is 0"),
        (lambda: calibrate_threshold([0.5], [True], coverage=80), "coverage is 80"),
        (lambda: calibrate_threshold([0.5], [False]), "No question is answerable"),
        (lambda: calibrate_threshold([float("nan")], [True]), "number 0 is not a finite number"),
        (lambda: risk_coverage_curve([], []), "at least one"),
        (lambda: risk_coverage_curve([0.5], [1, 0]), "1 confidences for 2 answers"),
        (lambda: gain_over_random([0.5, 0.4], [1, 0], ["a"]), "2 scores but 1 clusters"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
