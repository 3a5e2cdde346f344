"""Every measure against values worked out by hand or by an independent library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import ndcg_score

from utils.metrics import (
    bootstrap_interval,
    citation_scores,
    containment,
    exact_match,
    holm,
    mcnemar_exact,
    ndcg_at_k,
    normalize,
    paired_difference,
    recall_at_k,
    reciprocal_rank,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Heron winch.", "heron winch"),
        ("−40 °C", "-40 °c"),
        ("-40°C", "-40 °c"),
        ("1,380 m", "1380 m"),
        ("3.5 kg", "3.5 kg"),
        ("valve V-19!", "valve v-19"),
        ("Shelf A", "shelf a"),
        ("A shelf", "shelf"),
        ("at 14:30, sharp", "at 14:30 sharp"),
        ("“lanolin”", "lanolin"),
        ("Brekke's winch", "brekke winch"),
        ("5–7 m", "5-7 m"),
        ("", ""),
    ],
)
def test_normalize(text, expected):
    assert normalize(text) == expected


@given(st.text())
def test_normalize_is_stable_and_never_fails(text):
    once = normalize(text)
    assert " ".join(once.split()) == once


def test_exact_match_keeps_signs_points_and_hyphens():
    assert exact_match("−40 °C", ["-40°C"]) == 1.0
    assert exact_match("40 °C", ["−40 °C"]) == 0.0
    assert exact_match("35", ["3.5"]) == 0.0
    assert exact_match("V19", ["V-19"]) == 0.0
    assert exact_match("the Garage", ["somewhere", "Garage"]) == 1.0


def test_containment_respects_token_boundaries():
    assert containment("It holds 14.6 kN.", ["4.6 kN"]) == 0.0
    assert containment("It holds 4.6 kN, no more.", ["4.6 kN"]) == 1.0
    assert containment("Anything", ["the"]) == 0.0  # an answer that normalises to nothing is in no text


def test_token_f1_by_hand():
    # "shelf b4" against "on shelf b4": precision 2/3, recall 2/2, F1 = 0.8
    assert token_f1("on shelf B4", ["shelf B4"]) == pytest.approx(0.8)
    assert token_f1("nothing alike", ["shelf B4"]) == 0.0
    assert token_f1("", ["shelf B4"]) == 0.0


def test_ranking_measures_by_hand():
    ranking, relevant = ["b", "a", "c", "d"], {"a", "d"}
    assert recall_at_k(ranking, relevant, 3) == 0.5
    assert reciprocal_rank(ranking, relevant) == 0.5
    assert reciprocal_rank(ranking, {"z"}) == 0.0
    gain = 1 / np.log2(3) + 1 / np.log2(5)
    assert ndcg_at_k(ranking, relevant) == pytest.approx(gain / (1 + 1 / np.log2(3)))


@given(st.lists(st.booleans(), min_size=10, max_size=10).filter(any))
def test_ndcg_agrees_with_scikit_learn(relevance):
    ranking = [str(number) for number in range(10)]
    relevant = {name for name, is_relevant in zip(ranking, relevance, strict=True) if is_relevant}
    expected = ndcg_score([[float(r) for r in relevance]], [list(range(10, 0, -1))], k=10)
    assert ndcg_at_k(ranking, relevant, 10) == pytest.approx(expected)


@pytest.mark.parametrize("measure", [lambda r: recall_at_k(["a"], r, 1), lambda r: reciprocal_rank(["a"], r)])
def test_a_question_without_relevant_passages_is_refused(measure):
    with pytest.raises(ValueError, match="relevant is empty"):
        measure(set())


def test_bootstrap_interval_without_clusters_agrees_with_the_normal_approximation():
    scores = [1.0] * 60 + [0.0] * 40
    interval = bootstrap_interval(scores, [str(number) for number in range(100)])
    assert interval.estimate == pytest.approx(0.6)
    half_width = 1.96 * np.sqrt(0.6 * 0.4 / 100)
    assert interval.low == pytest.approx(0.6 - half_width, abs=0.02)
    assert interval.high == pytest.approx(0.6 + half_width, abs=0.02)


def test_bootstrap_over_clusters_is_wider_when_a_cluster_rises_and_falls_together():
    scores = [1.0] * 50 + [0.0] * 50
    alone = bootstrap_interval(scores, [str(number) for number in range(100)])
    together = bootstrap_interval(scores, [str(number // 10) for number in range(100)])
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_paired_difference_is_zero_for_equal_scores():
    assert paired_difference([1, 0, 1], [1, 0, 1], ["a", "b", "c"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("scores", "clusters", "message"),
    [
        ([], [], "no scores"),
        ([1.0], ["a", "b"], "1 scores but 2 clusters"),
        ([1.0, float("nan")], ["a", "b"], "number 1"),
    ],
)
def test_bad_scores_are_refused(scores, clusters, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(scores, clusters)


def test_mcnemar_by_hand():
    # 6 discordant pairs, all in one direction: 2 · (1/2)^6
    assert mcnemar_exact([1] * 6 + [0], [0] * 6 + [0]) == pytest.approx(2 * 0.5**6)
    # 8 gained, 2 lost: twice the lower tail of Binomial(10, 1/2) at 2
    assert mcnemar_exact([1] * 8 + [0] * 2, [0] * 8 + [1] * 2) == pytest.approx(2 * binom.cdf(2, 10, 0.5))
    assert mcnemar_exact([1, 0], [1, 0]) == 1.0
    with pytest.raises(ValueError, match="same items"):
        mcnemar_exact([1], [1, 0])


def test_holm_by_hand():
    # sorted: .01·4, .02·3, .03·2, .04·1 with running maxima: .04, .06, .06, .06
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_citation_scores_by_hand():
    assert citation_scores(["a", "b"], {"a"}) == (0.5, 1.0)
    assert citation_scores(["a", "a"], {"a", "c"}) == (1.0, 0.5)
    assert citation_scores([], {"a"}) == (None, 0.0)
    assert citation_scores(["b"], {"a"}) == (0.0, 0.0)
    with pytest.raises(ValueError, match="relevant is empty"):
        citation_scores(["a"], set())
