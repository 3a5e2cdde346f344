"""Checks of the exercises of notebook 07: the head-to-head."""

from collections.abc import Callable, Mapping, Sequence
from math import comb

import numpy as np

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong

P_VALUES = [0.04, 0.01, 0.03]


@check
def largest_loss(prediction: str, losses: Mapping[str, float]) -> Verdict:
    """Exercise 1: `prediction` is the letter of the arm that loses most; `losses` are shares of 1 by "letter, arm"."""
    letters = {name[0]: name for name in losses}
    if not isinstance(prediction, str) or prediction not in letters:
        return wrong(f"Answer with one of the letters {', '.join(letters)}, in quotation marks.")
    listed = "; ".join(f"{name}: {100 * loss:.0f} points" for name, loss in losses.items())
    most = max(losses, key=lambda name: losses[name])
    remembers = "questions adapter"
    if letters[prediction] == most:
        if remembers in most:
            return done(f"{listed}. Memory is tied to the words it was taught in.")
        return done(f"{listed}. A new wording is hard on whoever searches and reads, not only on whoever remembers.")
    if remembers in most:
        return wrong(f"{listed}. Here memory lost most: it is tied to the words that it was taught in.")
    if remembers in letters[prediction]:
        return wrong(
            f"{listed}. Memory is tied to its words, but so are search and reading: look at the arms with passages."
        )
    return wrong(f"{listed}. Both search alike, so compare how they read: which reader copes worse with new words?")


@check
def mcnemar(function: object) -> Verdict:
    """Exercise 2: `function(only_first, only_second)` gives McNemar's exact two-sided p-value."""
    given = call(function, 1, 9)
    one_sided = (comb(10, 0) + comb(10, 1)) / 2**10
    if close(given, one_sided, 1e-4):
        return wrong("That is one tail only. Nobody knew beforehand which arm would win, so double it.")
    if close(given, 2 * comb(10, 1) / 2**10, 1e-4) or close(given, comb(10, 1) / 2**10, 1e-4):
        return wrong("You took exactly 1 success. The tail holds that and everything more extreme: 0 and 1.")
    if not close(given, 2 * one_sided, 1e-4):
        return wrong(
            f"For 1 against 9 the p-value is {2 * one_sided:.4f}: ten fair tosses, at most 1 on a side. Yours: {given}."
        )
    if not close(call(function, 9, 1), 2 * one_sided, 1e-4):
        return wrong(
            "9 against 1 should give the same as 1 against 9. Take the smaller of the two counts for the tail."
        )
    if not close(call(function, 5, 5), 1.0):
        return wrong("A p-value is at most 1: with 5 against 5 the doubled tail goes beyond it.")
    if not close(call(function, 0, 0), 1.0):
        return wrong("Where the arms never differ, 0 against 0, the p-value is 1.")
    return done("Questions on which both arms are right, or both wrong, say nothing about which is better.")


@check
def real_difference_repaired(function: object) -> Verdict:
    """Exercise 3: `function(first, second, documents)` tells whether two arms' scores really differ."""
    documents = [f"document {number // 2}" for number in range(60)]
    second = np.array([float(number // 2 % 2) for number in range(60)])
    better = second.copy()
    better[:32:4] = 1.0  # eight more right answers, each in another document, none lost
    verdicts = tell(function, better, second, documents), tell(function, second, better, documents)
    if not all(isinstance(found, bool | np.bool_) for found in verdicts):
        return wrong("Return True or False.")
    if verdicts == (False, False):
        return not_done(
            "It still misses a real difference: one arm is right on eight questions more and wrong on none, and only "
            "the intervals of the two levels overlap."
        )
    if verdicts == (True, False):
        return wrong("A difference is also real when the second arm is the better one: the whole interval below zero.")
    if verdicts == (False, True):
        return wrong("You have the two arms the wrong way round.")
    luck = second.copy()
    luck[[0, 2, 4]] = 1.0, 0.0, 1.0
    if tell(function, luck, second, documents):
        return wrong("One question more is right, and yours calls it real. Ask whether the whole interval misses zero.")
    clumped = second.copy()
    clumped[[0, 1, 4, 5]] = 1.0
    one_document = ["document 0"] * 8 + documents[8:]
    if tell(function, clumped, second, one_document):
        return wrong(
            "All the gain comes from one document. Hand the documents over, so that whole documents are drawn."
        )
    return done("The same questions were put to both arms, so the difference of each question counts, not two levels.")


def tell(function: object, first: Sequence[float], second: Sequence[float], documents: Sequence[str]) -> object:
    """Return what the learner's function says of two arms."""
    return call(function, list(first), list(second), list(documents))


@check
def holm(function: object) -> Verdict:
    """Exercise 4: `function(p_values)` gives Holm's corrected p-values, in the order of the given ones."""
    given = call(function, list(P_VALUES))
    known: dict[str, Callable[[], Verdict]] = {
        "0.12 0.03 0.09": lambda: wrong("That is Bonferroni's: every p-value times three. Holm multiplies by 3, 2, 1."),
        "0.04 0.03 0.06": lambda: wrong(
            "A larger p-value came out below a smaller one. None may fall below those before it."
        ),
        "0.03 0.06 0.06": lambda: wrong(
            "The values are right and their order is not: give each back in its own place."
        ),
        "0.03 0.06 0.04": lambda: wrong(
            "Give each value back in its own place, and let none fall below those before it."
        ),
        "0.04 0.01 0.03": lambda: wrong("Nothing was corrected: the smallest is multiplied by three, the next by two."),
        "0.12 0.01 0.06": lambda: wrong("You began with the largest. The smallest p-value is multiplied by the most."),
    }
    try:
        written = " ".join(f"{value:.2f}" for value in given)
    except (TypeError, ValueError):
        return wrong("Return a list of numbers, one for each p-value.")
    if written in known:
        return known[written]()
    if written != "0.06 0.03 0.06":
        return wrong(f"For {P_VALUES} the corrected values are 0.06, 0.03 and 0.06; yours: {written}.")
    if not close(call(function, [0.6, 0.9]), [1.0, 1.0]):
        return wrong("A p-value is at most 1; with 0.6 and 0.9 yours goes beyond it, or falls below it again.")
    if not close(call(function, [0.02]), [0.02]):
        return wrong("A single comparison needs no correction.")
    return done("Who looks at many pairs finds something by luck; the correction asks more of each.")
