"""Exercises of notebook 02: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

from itertools import pairwise

import numpy as np

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb02 as checks
from utils.metrics import bootstrap_interval, paired_difference, recall_at_k

RANKS = {"a": 1, "b": None, "c": 4, "d": None}


def fuse_with(earned, combine=lambda old, new: old + new):
    def fuse(rankings, constant):
        scores = {}
        for ranking in rankings:
            for rank, name in enumerate(ranking, start=1):
                scores[name] = combine(scores.get(name, 0), earned(constant, rank))
        return scores

    return fuse


def fuse_common(rankings, constant):
    scores = fuse_with(lambda c, r: 1 / (c + r))(rankings, constant)
    return {name: score for name, score in scores.items() if all(name in ranking for ranking in rankings)}


def mean_of(share):
    def mean_recall(rankings, relevant, k):
        return np.mean([share(ranking, right, k) for ranking, right in zip(rankings, relevant, strict=True)])

    return mean_recall


def pooled(rankings, relevant, k):
    hits = [len(set(ranking[:k]) & right) for ranking, right in zip(rankings, relevant, strict=True)]
    return sum(hits) / sum(len(right) for right in relevant)


def summed(rankings, relevant, k):
    return sum(recall_at_k(ranking, right, k) for ranking, right in zip(rankings, relevant, strict=True))


def hits_in(ranking, right, k):
    return len(set(ranking[:k]) & right)


def choose_by(is_better):
    def choose_size(hits, documents):
        for size in hits:
            if not any(is_better(hits[other], hits[size], documents) for other in hits if other > size):
                return size

    return choose_size


def really_better(scores, baseline, documents):
    return paired_difference(scores, baseline, documents).low > 0


def apart(scores, baseline, documents):
    return bootstrap_interval(scores, documents).low > bootstrap_interval(baseline, documents).high


def without_documents(scores, baseline, documents):
    return really_better(scores, baseline, range(len(scores)))


def only_next(hits, documents):
    sizes = list(hits)
    for size, larger in pairwise(sizes):
        if not really_better(hits[larger], hits[size], documents):
            return size
    return sizes[-1]


RIGHT = [
    (checks.missed_by_words, ("bd", RANKS)),
    (checks.missed_by_words, ("D, B", RANKS)),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / (constant + rank)),)),
    (checks.mean_recall_repaired, (mean_of(recall_at_k),)),
    (checks.size_chosen, (choose_by(really_better),)),
]
STUBS = [
    (checks.missed_by_words, (..., RANKS)),
    (checks.fused, (lambda rankings, constant: None,)),
    (checks.fused, (lambda rankings, constant: {},)),
    (checks.mean_recall_repaired, (mean_of(lambda ranking, right, k: hits_in(ranking, right, k) / k),)),
    (checks.size_chosen, (lambda hits, documents: None,)),
]
MISTAKES = [
    (checks.missed_by_words, ("d", RANKS), "one word of its own"),
    (checks.missed_by_words, ("b", RANKS), "neither tap nor reservoirs"),
    (checks.missed_by_words, ("bcd", RANKS), "Tarn is rare"),
    (checks.missed_by_words, ("abd", RANKS), "one rare word that agrees"),
    (checks.missed_by_words, ("e", RANKS), "letters out of a, b, c, d"),
    (checks.missed_by_words, (["b", None], RANKS), "letters out of a, b, c, d"),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / (constant + rank - 1)),), "ranks from 0"),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / rank),), "constant is missing"),
    (checks.fused, (fuse_with(lambda c, r: 1 / (c + r), lambda old, new: new),), "do not replace"),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / (constant + rank) / 2),), "the mean over"),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / constant + rank),), "brackets"),
    (checks.fused, (fuse_with(lambda constant, rank: 1 / (3 + rank)),), "not for 60"),
    (checks.fused, (fuse_with(lambda constant, rank: rank),), "a earns 1 / 4"),
    (checks.fused, (fuse_common,), "in one ranking only"),
    (checks.fused, (lambda rankings, constant: ["a", "c", "b", "d"],), "Return a dict"),
    (checks.fused, (lambda rankings, constant: {0: 1.0, "a": None},), "should each have a score"),
    (checks.fused, (lambda rankings, constant: dict.fromkeys("abcd"),), "a earns 1 / 4"),
    (checks.mean_recall_repaired, (pooled,), "passages, not questions"),
    (checks.mean_recall_repaired, (summed,), "take their mean"),
    (checks.mean_recall_repaired, (mean_of(lambda ranking, right, k: recall_at_k(ranking, right, 9)),), "first k"),
    (checks.mean_recall_repaired, (mean_of(lambda ranking, right, k: hits_in(ranking, right, k) > 0),), "any hit"),
    (
        checks.mean_recall_repaired,
        (mean_of(lambda ranking, right, k: hits_in(ranking, right, k) / min(k, len(right))),),
        "wherever more than k",
    ),
    (checks.mean_recall_repaired, (mean_of(hits_in),), "mean number found"),
    (checks.mean_recall_repaired, (lambda rankings, relevant, k: "0,5",), "the mean is 0.479"),
    (checks.mean_recall_repaired, (lambda rankings, relevant, k: relevant / k,), "Your function raised"),
    (checks.size_chosen, (lambda hits, documents: max(hits),), "scores first, baseline second"),
    (checks.size_chosen, (choose_by(lambda a, b, documents: really_better(b, a, documents)),), "scores first"),
    (checks.size_chosen, (lambda hits, documents: max(hits, key=lambda size: sum(hits[size])),), "highest mean"),
    (checks.size_chosen, (choose_by(apart),), "two intervals overlap"),
    (checks.size_chosen, (only_next,), "not only with the next"),
    (
        checks.size_chosen,
        (choose_by(lambda a, b, documents: paired_difference(a, b, documents).low >= 0),),
        "begins at zero",
    ),
    (checks.size_chosen, (choose_by(without_documents),), "in one document"),
    (checks.size_chosen, (lambda hits, documents: [64],), "none of the sizes"),
]
