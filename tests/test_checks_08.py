"""Exercises of notebook 08: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import numpy as np
import pytest

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb08 as checks
from utils.choice import CASES, CHOICES, QUESTIONS, Workload, break_even_queries, recommend
from utils.choice.trends import verdict
from utils.metrics import Interval

CHANGED = {"labels": "dozens", "citations": "yes", "updates": "weekly", "room": "yes"}
TRIAGE = next(case.answers for case in CASES if case.title == "Ticket triage")
RECOMMENDED = {name: recommend({**TRIAGE, name: option}).choice for name, option in CHANGED.items()}
PREDICTED = {"labels": "prompting", "citations": "neither yet", "updates": "LoRA", "room": "LoRA"}


def predicted(**other):
    return ({**PREDICTED, **other}, RECOMMENDED)


def euros(tokens, epochs, context, train, read, labelling):
    return (tokens * epochs * train / 1e6 + labelling) / (context * read / 1e6)


def costs(days, queries, updates, training, reading):
    return days * queries * reading, days * updates * training


def lora_costs(trainings):
    """Return a function whose RAG cost is right and whose number of trainings is `trainings(days, updates)`."""
    return lambda days, queries, updates, training, reading: (
        days * queries * reading,
        trainings(days, updates) * training,
    )


def with_margin(low, high, expected, margin):
    if -margin < low and high < margin:
        return "too small"
    return verdict(Interval((low + high) / 2, low, high), expected)


def sign_first(low, high, expected, margin):
    word = verdict(Interval((low + high) / 2, low, high), expected)
    return "too small" if word == "cannot tell" and -margin < low and high < margin else word


def one_end(low, high, expected, margin):
    return "too small" if abs(high) < margin else verdict(Interval(high, low, high), expected)


def demanding(low, high, expected, margin):
    word = with_margin(low, high, expected, margin)
    return "cannot tell" if min(abs(low), abs(high)) < margin and word in ("agrees", "disagrees") else word


def no_last_branch(low, high, expected, margin):
    word = with_margin(low, high, expected, margin)
    return None if word == "cannot tell" else word


def zero_agrees(low, high, expected, margin):
    return "agrees" if low == 0 else with_margin(low, high, expected, margin)


RIGHT = [
    (checks.changed_choices, predicted()),
    (checks.break_even_in_euros, (euros,)),
    (checks.costs_repaired, (costs,)),
    (checks.costs_repaired, (lambda *given: list(costs(*given)),)),
    (checks.verdict_with_margin, (with_margin,)),
]
STUBS = [
    (checks.changed_choices, (dict.fromkeys(CHANGED, ...), RECOMMENDED)),
    (checks.break_even_in_euros, (lambda *given: None,)),
    (checks.costs_repaired, (lambda days, queries, updates, training, reading: (days * queries * reading, training),)),
    (checks.verdict_with_margin, (lambda *given: None,)),
]
MISTAKES = [
    (checks.changed_choices, predicted(labels="neither yet"), "Only missing facts end there"),
    (checks.changed_choices, predicted(labels="LoRA"), "too few to train on"),
    (checks.changed_choices, predicted(citations="RAG"), "rule 2 asks first"),
    (checks.changed_choices, predicted(citations="both"), "rule 2 comes before rule 3"),
    (checks.changed_choices, predicted(updates="prompting"), "Weekly trainings can pay"),
    (checks.changed_choices, predicted(room="RAG"), "does not call for them"),
    (checks.changed_choices, predicted(room="neither yet"), "six rules in order"),
    (checks.changed_choices, predicted(room="rag"), "is none of them"),
    (checks.changed_choices, predicted(room=["RAG"]), "is none of them"),
    (checks.changed_choices, ("LoRA", RECOMMENDED), "Keep the dictionary"),
    (
        checks.break_even_in_euros,
        (lambda t, e, c, p, r, w: (t * e * p + w) / (c * r),),
        "Both prices are for a million",
    ),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: t * e * p / (c * r),), "labelling is missing"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(t, 1, c, p, r, w),), "once per pass: multiply"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: 1 / euros(t, e, c, p, r, w),), "upside down"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(t, e, c, r, p, w),), "prices are swapped"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(c, e, t, p, r, w),), "T and C are swapped"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(2 * t, e, c, p, r, w),), "counted operations"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(t, e, c, p, r, e * w),), "not once per pass"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(t, e, c, p, r, w) / 1e6,), "read price is for"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(1e6 * t, e, c, p, r, w),), "training price is for"),
    (checks.break_even_in_euros, (lambda t, e, c, p, r, w: euros(t, e, c, p, r, 0) + w,), "add before you divide"),
    (checks.break_even_in_euros, (lambda *given: 20_000,), "no fixed numbers"),
    (checks.break_even_in_euros, (lambda *given: "many",), "Yours: 'many'"),
    (checks.break_even_in_euros, (20_000,), "without parentheses"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: updates),), "cost of one day"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: days),), "a training every day"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: days / updates),), "makes rare changes dear"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: 1 / updates),), "days between two updates"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: 1 + days * updates),), "one training too many"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: 10),), "not for two a day"),
    (checks.costs_repaired, (lora_costs(lambda days, updates: 3),), "is ten trainings"),
    (checks.costs_repaired, (lambda *given: costs(*given)[::-1],), "RAG's cost comes first"),
    (checks.costs_repaired, (lambda d, q, u, t, r: (q * r / u, t),), "between two updates"),
    (checks.costs_repaired, (lambda d, q, u, t, r: (q * r, u * t),), "was right before"),
    (checks.costs_repaired, (lambda d, q, u, t, r: (d * q * r, d * u * q * t),), "how many queries come"),
    (checks.costs_repaired, (lambda *given: "RAG",), "two numbers"),
    (checks.costs_repaired, (lambda *given: (None, "RAG"),), "was right before"),
    (checks.costs_repaired, (lambda *given: ([1, 2], 3),), "was right before"),
    (checks.costs_repaired, (lambda *given: np.array(5),), "two numbers"),
    (checks.verdict_with_margin, (sign_first,), "ask for the margin first"),
    (checks.verdict_with_margin, (one_end,), "the lower end lies beyond"),
    (checks.verdict_with_margin, (demanding,), "so the sign decides"),
    (checks.verdict_with_margin, (lambda a, b, expected, m: with_margin(a, b, 1, m),), "forgot `expected`"),
    (checks.verdict_with_margin, (lambda a, b, expected, m: with_margin(a, b, expected, 0.05),), "argument `margin`"),
    (checks.verdict_with_margin, (zero_agrees,), "exactly zero counts"),
    (checks.verdict_with_margin, (no_last_branch,), "some branch has no return"),
    (checks.verdict_with_margin, (lambda *given: True,), "Return one of"),
    (checks.verdict_with_margin, (lambda *given: np.zeros(2),), "Return one of"),
]


def test_the_hints_know_the_questions_and_choices_of_the_questionnaire():
    assert set(checks.CHOICES) == set(CHOICES)
    for name, choice in checks.OVERLOOKED:
        assert name in QUESTIONS and choice in CHOICES and RECOMMENDED[name] != choice


def test_the_euros_of_a_price_list_of_two_to_one_are_the_courses_break_even():
    assert euros(20_000, 8, 200, 2.0, 1.0, 0.0) == pytest.approx(break_even_queries(Workload(20_000, 8, 200)))
