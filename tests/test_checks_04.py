"""Exercises of notebook 04: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import re
from statistics import mean

import numpy as np
import pytest

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb04 as checks

FOUND = ["clinic guideline", "clinic"]


def squeezed(text):
    return " ".join(text.split())


def bare(text):
    return squeezed(re.sub(r"[^\w\s]", "", text))


def put(text, glossary, *, key=len, reverse=True, whole=True):
    terms = "|".join(re.escape(term) for term in sorted(glossary, key=key, reverse=reverse))
    border = (r"(?<!\w)", r"(?!\w)") if whole else ("", "")
    return re.sub(f"{border[0]}(?:{terms}){border[1]}", lambda match: glossary[match[0]], text) if terms else text


def in_turn(text, glossary):
    for english in sorted(glossary, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(english)}(?!\w)", glossary[english], text)
    return text


def short_first(text, glossary):
    for english, french in glossary.items():
        text = re.sub(rf"(?<!\w){re.escape(english)}(?!\w)", french, text)
    return text


def unescaped(text, glossary):
    terms = "|".join(sorted(glossary, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{terms})(?!\w)", lambda match: glossary[match[0]], text) if terms else text


def without_spaces(text):
    return "".join(text.split())


def as_it_was(text, glossary):
    for english, french in glossary.items():
        text = re.sub(english, french, text)
    return text


def scores(missing, flagged):
    hits = sum(len(true & found) for true, found in zip(missing, flagged, strict=True))
    said, real = sum(map(len, flagged)), sum(map(len, missing))
    return hits / (said or 1), hits / (real or 1), 2 * hits / ((said + real) or 1)


def by_text(missing, flagged):
    of_texts = [scores([m], [f]) for m, f in zip(missing, flagged, strict=True)]
    return tuple(mean(values) for values in zip(*of_texts, strict=True))


RIGHT = [
    (checks.found_terms, ("b", FOUND)),
    (checks.verbatim, (lambda quote, page: bool(squeezed(quote)) and squeezed(quote) in squeezed(page),)),
    (checks.glossary_repaired, (put,)),
    (checks.review_scores, (scores,)),
    (checks.review_scores, (lambda m, f: np.array(scores(m, f)),)),
]
STUBS = [
    (checks.found_terms, (..., FOUND)),
    (checks.verbatim, (lambda quote, page: ...,)),
    (checks.glossary_repaired, (as_it_was,)),
    (checks.review_scores, (lambda missing, flagged: ...,)),
]
MISTAKES = [
    (checks.found_terms, ("a", FOUND), "in the plural"),
    (checks.found_terms, ("c", FOUND), "longer term stands"),
    (checks.found_terms, (["b"], FOUND), "one of the letters"),
    (checks.verbatim, (lambda quote, page: quote in page,), "single spaces"),
    (checks.verbatim, (lambda quote, page: squeezed(quote).lower() in squeezed(page).lower(),), "Capitals"),
    (checks.verbatim, (lambda quote, page: all(word in page for word in quote.split()),), "not together"),
    (checks.verbatim, (lambda quote, page: squeezed(quote) in squeezed(page),), "An empty quote"),
    (checks.verbatim, (lambda quote, page: bare(quote) in bare(page),), "comma"),
    (
        checks.verbatim,
        (lambda q, page: bool(q.strip()) and without_spaces(q) in without_spaces(page),),
        "spaces between",
    ),
    (checks.verbatim, (lambda quote, page: 1,), "True or False"),
    (checks.glossary_repaired, (lambda t, g: put(t, g, reverse=False),), "longest terms first"),
    (checks.glossary_repaired, (lambda t, g: put(t, {"ice core": "carotte"}),), "Only one term"),
    (checks.glossary_repaired, (lambda t, g: put(t, g, whole=False),), "inside words"),
    (checks.glossary_repaired, (short_first,), "taken apart"),
    (checks.glossary_repaired, (unescaped,), "re.escape"),
    (checks.glossary_repaired, (in_turn,), "replaced again"),
    (checks.glossary_repaired, (lambda t, g: put(t, g, whole=False).replace("servglace", "x"),), "is wanted"),
    (checks.review_scores, (lambda m, f: (scores(m, f)[1], scores(m, f)[0], scores(m, f)[2]),), "swapped"),
    (checks.review_scores, (lambda m, f: (*scores(m, f)[:2], mean(scores(m, f)[:2])),), "harmonic mean"),
    (checks.review_scores, (lambda m, f: (*scores(m, f)[:2], 0.5),), "F1 should be"),
    (checks.review_scores, (lambda m, f: np.array(scores(m, f)[::-1]),), "0.60, 0.75, 0.67"),
    (checks.review_scores, (by_text,), "averaged over the texts"),
    (checks.review_scores, (lambda m, f: 0.6,), "three numbers"),
]


@pytest.mark.parametrize("odd", [None, "text", 3, [None] * 3, np.array([0.6, 0.75]), (float("nan"),) * 3, {}])
def test_no_check_throws_at_odd_answers(odd):
    answers = iter(["The carotte service keeps each noyau on glace.", odd, odd, odd])
    verdicts = [
        checks.found_terms(odd, FOUND),
        checks.verbatim(lambda quote, page: odd),
        checks.glossary_repaired(lambda text, glossary: odd),
        checks.glossary_repaired(lambda text, glossary: next(answers)),
        checks.review_scores(lambda missing, flagged: odd),
    ]
    assert all(verdict.kind != "done" for verdict in verdicts)
