"""Exercises of notebook 07: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

from math import comb

from scipy.stats import binomtest

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb07 as checks
from utils.metrics import bootstrap_interval, paired_difference

LOSSES = {"a, base + RAG": 0.4, "b, questions adapter": 0.3, "c, reader adapter + RAG": 0.2}
MEMORY_LOSES_MOST = LOSSES | {"b, questions adapter": 0.5}


def exact(first, second):
    return binomtest(first, first + second).pvalue if first + second else 1.0


def tail(first, second):
    n = first + second
    return sum(comb(n, k) for k in range(min(first, second) + 1)) / 2**n


def overlapping(first, second, documents):
    one, other = bootstrap_interval(first, documents), bootstrap_interval(second, documents)
    return one.low > other.high or other.low > one.high


def paired(rule):
    return lambda first, second, documents: rule(paired_difference(first, second, documents))


def by_question(first, second, documents):
    found = paired_difference(first, second, [str(number) for number in range(len(first))])
    return found.low > 0 or found.high < 0


def corrected(p_values, *, monotone=True, cap=1.0):
    order, highest, result = sorted(range(len(p_values)), key=p_values.__getitem__), 0.0, [0.0] * len(p_values)
    for done, place in enumerate(order):
        value = min(cap, (len(p_values) - done) * p_values[place])
        highest = max(highest, value) if monotone else value
        result[place] = highest
    return result


RIGHT = [
    (checks.largest_loss, ("a", LOSSES)),
    (checks.largest_loss, ("b", MEMORY_LOSES_MOST)),
    (checks.mcnemar, (exact,)),
    (checks.real_difference_repaired, (paired(lambda found: found.low > 0 or found.high < 0),)),
    (checks.holm, (corrected,)),
]
STUBS = [
    (checks.largest_loss, (..., LOSSES)),
    (checks.mcnemar, (lambda first, second: ...,)),
    (checks.real_difference_repaired, (overlapping,)),
    (checks.holm, (lambda p_values: ...,)),
]
MISTAKES = [
    (checks.largest_loss, ("b", LOSSES), "so are search and reading"),
    (checks.largest_loss, ("c", LOSSES), "how they read"),
    (checks.largest_loss, ("a", MEMORY_LOSES_MOST), "memory lost most"),
    (checks.largest_loss, (1, LOSSES), "one of the letters"),
    (checks.mcnemar, (tail,), "one tail only"),
    (checks.mcnemar, (lambda first, second: 2 * comb(first + second, first) / 2 ** (first + second),), "exactly 1"),
    (checks.mcnemar, (lambda first, second: 2 * tail(first, second),), "at most 1"),
    (checks.mcnemar, (lambda first, second: exact(first, second) if first < second else 0.5,), "9 against 1"),
    (checks.mcnemar, (lambda first, second: binomtest(first, first + second).pvalue,), "Your function raised"),
    (checks.mcnemar, (lambda first, second: first / second,), "ten fair tosses"),
    (checks.real_difference_repaired, (paired(lambda found: found.low > 0),), "below zero"),
    (checks.real_difference_repaired, (paired(lambda found: found.high < 0),), "wrong way round"),
    (checks.real_difference_repaired, (paired(lambda found: found.estimate != 0),), "calls it real"),
    (checks.real_difference_repaired, (by_question,), "All the gain comes from one document"),
    (checks.real_difference_repaired, (paired(str),), "True or False"),
    (checks.holm, (lambda p_values: [min(1.0, 3 * p) for p in p_values],), "Bonferroni"),
    (checks.holm, (lambda p_values: corrected(p_values, monotone=False),), "below a smaller one"),
    (checks.holm, (lambda p_values: sorted(corrected(p_values)),), "in its own place"),
    (checks.holm, (lambda p_values: corrected(p_values, cap=9.0),), "at most 1"),
    (checks.holm, (lambda p_values: p_values,), "Nothing was corrected"),
    (checks.holm, (lambda p_values: 0.05,), "Return a list"),
]
