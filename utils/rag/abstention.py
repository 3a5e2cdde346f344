"""Abstention: when to decline, and what is gained by it.

A system that may decline trades coverage, the share of questions that it answers, for risk, the share of errors among
its answers: El-Yaniv & Wiener 2010, *On the Foundations of Noise-free Selective Classification*; for neural networks
Geifman & El-Yaniv 2017, *Selective Classification for Deep Neural Networks*. All that it takes is a confidence for each
answer and a threshold for it, which is chosen on development questions.
"""

import math
from collections.abc import Sequence

import numpy as np

from utils.metrics import RESAMPLES, Interval, check_scores
from utils.rag.citations import supported_share
from utils.retrieval import Hit


def score_times_support(reply: str, hits: list[Hit]) -> float:
    """Return a confidence: the retriever's score of the best hit times the largest supported share of the reply.

    It is low where nothing that was found resembles the question, and where the reply is not taken from what was found;
    0.0 without any hits. Its scale is the retriever's, so a threshold holds only for the retriever and the generator
    that it was calibrated with.

    Chosen on the development documents for the base model: either factor alone is as good at one thing (the score at
    declining near misses, the share at declining wrong answers) and worse at the other. The mean probability of the
    reply's tokens, and a logistic regression of all three, gained nothing.
    """
    best_score = max((hit.score for hit in hits), default=0.0)
    return best_score * max((supported_share(reply, hit) for hit in hits), default=0.0)


def calibrate_threshold(confidences: Sequence[float], answerable: Sequence[bool], *, coverage: float = 0.8) -> float:
    """Return the highest threshold that keeps at least the share `coverage` of the answerable questions.

    A question is kept when its confidence is the threshold or more. Where the model itself declined more of them than
    that, with confidence 0.0, the threshold is 0.0 and changes nothing. Raises ValueError for a coverage outside of
    0 … 1, no answerable question, a confidence that is not finite, or lengths that differ.
    """
    values = check_confidences(confidences, answerable)
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage is {coverage}; it is a share of questions, above 0 and at most 1.")
    of_answerable = np.sort(values[np.asarray(answerable, dtype=bool)])[::-1]
    if of_answerable.size == 0:
        raise ValueError("No question is answerable: there is nothing that the threshold could keep.")
    kept = math.ceil(coverage * of_answerable.size - 1e-9)  # 0.55 · 100 is a little more than 55 in floating point
    return float(of_answerable[kept - 1])


def risk_coverage_curve(confidences: Sequence[float], correct: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return coverages 1/n … 1 and the risk at each, both of shape (n,): surest answers first.

    An answer to a question that has none is never correct. Equal confidences are in random order: the risks are those
    expected. Raises ValueError for no answers, a confidence that is not finite, or lengths that differ.
    """
    values = check_confidences(confidences, correct)
    _, group = np.unique(-values, return_inverse=True)  # 0 for the surest answers
    errors = 1 - np.asarray(correct, dtype=float)
    expected = (np.bincount(group, weights=errors) / np.bincount(group))[np.sort(group)]
    answered = np.arange(1, values.size + 1)
    return answered / values.size, np.cumsum(expected) / answered


def area_under_risk_coverage(confidences: Sequence[float], correct: Sequence[float]) -> float:
    """Return the mean risk over all coverages, 0 … 1, lower is better (AURC: Geifman, Uziel & El-Yaniv 2019).

    Declining at random gives the share of wrong answers at every coverage.
    """
    return float(risk_coverage_curve(confidences, correct)[1].mean())


def gain_over_random(
    confidences: Sequence[float], correct: Sequence[float], clusters: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return by how much the area is smaller than that of declining at random, with a 95 % interval.

    It is a percentile bootstrap over whole clusters (documents), as in `metrics.bootstrap_interval`.
    """
    values, right = check_scores(confidences, clusters), check_scores(correct, clusters)
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    members = [np.flatnonzero(index == number) for number in range(len(names))]
    dice = np.random.default_rng(seed)

    def gain(rows: np.ndarray) -> float:
        return float(1 - right[rows].mean()) - area_under_risk_coverage(values[rows], right[rows])

    draws = [
        gain(np.concatenate([members[number] for number in dice.integers(len(names), size=len(names))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(gain(np.arange(values.size)), float(low), float(high))


def check_confidences(confidences: Sequence[float], labels: Sequence[float]) -> np.ndarray:
    """Return confidences as a float array; raise ValueError for none, a non-finite one, or not one for each label."""
    values = np.asarray(confidences, dtype=float)
    if values.size == 0 or len(values) != len(labels):
        raise ValueError(f"{values.size} confidences for {len(labels)} answers: give one for each, and at least one.")
    if not np.isfinite(values).all():
        raise ValueError(f"Confidence number {int(np.flatnonzero(~np.isfinite(values))[0])} is not a finite number.")
    return values
