"""Exercises of notebook 03: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import math
from collections import Counter

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb03 as checks

SEEN = [checks.record(1, 1, 1), checks.record(0, 0, 1), checks.record(0, 0, 0), checks.record(0, 0, 0)]


def prompt_with(count, fits=lambda words, budget: words <= budget, stop=False, first=1):
    """Return a prompt builder that counts a list of lines by `count`."""

    def build(question, texts, budget):
        asked, shown = f"Question: {question}", []
        for text in texts:
            line = f"[{len(shown) + first}] {text}"
            if fits(count([*shown, line], asked), budget):
                shown.append(line)
            elif stop:
                break
        return "\n".join([*shown, asked])

    return build


def words(lines, asked):
    return len(" ".join([*lines, asked]).split())


def own_places(question, texts, budget):
    shown = [(0, texts[0]), (2, texts[2])]
    return "\n".join([*(f"[{place + 1}] {text}" for place, text in shown), f"Question: {question}"])


def threshold_of(confidences):
    return sorted(confidences, reverse=True)[math.ceil(0.8 * len(confidences)) - 1]


def share(chosen):
    return sum(chosen) / len(chosen)


def causes(rule):
    return lambda records: Counter(cause for seen in records if (cause := rule(**seen)))


def right_cause(retrieved, right, right_with_gold):
    if right:
        return None
    return "reader" if retrieved else "retriever" if right_with_gold else "both"


RIGHT = [
    (checks.forged_confidence, ("b", 0.72, 0.71)),
    (checks.forged_confidence, ("a", 0.72, 0.31)),
    (checks.numbered_prompt, (prompt_with(words),)),
    (checks.numbered_prompt, (lambda *given: prompt_with(words)(*given).replace("\n", "\n\n"),)),
    (checks.abstention_repaired, (lambda dev, test, misses: share([c < threshold_of(dev) for c in misses]),)),
    (checks.diagnosis, (causes(right_cause), SEEN)),
    (checks.diagnosis, (checks.count_causes, [])),
]
STUBS = [
    (checks.forged_confidence, (..., 0.72, 0.71)),
    (checks.numbered_prompt, (lambda question, texts, budget: None,)),
    (checks.abstention_repaired, (lambda dev, test, misses: share([c > threshold_of(test) for c in misses]),)),
    (checks.diagnosis, (lambda records: None, SEEN)),
]
MISTAKES = [
    (checks.forged_confidence, ("a", 0.72, 0.71), "Nothing compares"),
    (checks.forged_confidence, ("c", 0.72, 0.71), "no larger score"),
    (checks.forged_confidence, ("b", 0.72, 0.31), "Which of the two factors"),
    (checks.forged_confidence, (["b"], 0.72, 0.71), "one of the letters"),
    (checks.numbered_prompt, (lambda q, texts, budget: texts,), "not a list"),
    (checks.numbered_prompt, (lambda q, texts, budget: "\n".join([*texts, q]),), "whole question"),
    (checks.numbered_prompt, (prompt_with(words, first=0),), "begin with 0"),
    (checks.numbered_prompt, (own_places,), "used up a number"),
    (checks.numbered_prompt, (lambda q, texts, budget: f"[1] {texts[0][:9]}\nQuestion: {q}",), "not a whole passage"),
    (checks.numbered_prompt, (prompt_with(words, fits=lambda *_: True),), "words where 17 are allowed"),
    (checks.numbered_prompt, (prompt_with(words, fits=lambda n, budget: n < budget),), "compare with <="),
    (checks.numbered_prompt, (prompt_with(words, stop=True),), "stop at the first"),
    (checks.numbered_prompt, (prompt_with(lambda lines, asked: words(lines, "")),), "numbers count too"),
    (checks.numbered_prompt, (lambda q, texts, budget: "",), "whole question"),
    (checks.numbered_prompt, (lambda q, texts: q,), "Your function raised"),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: share([c < threshold_of(test) for c in misses]),),
        "still comes from the test",
    ),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: share([c > threshold_of(dev) for c in misses]),),
        "count those that are answered",
    ),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: share([c <= threshold_of(dev) for c in misses]),),
        "strictly below",
    ),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: sum(c < threshold_of(dev) for c in misses),),
        "a share is wanted",
    ),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: 0.0,),
        "five of seven",
    ),
    (
        checks.abstention_repaired,
        (lambda dev, test, misses: share([c < max(0.6, max(test) - 0.2) for c in misses]),),
        "still looks at them",
    ),
    (checks.abstention_repaired, (lambda dev, test, misses: "most",), "Yours: most"),
    (checks.diagnosis, (causes(lambda **seen: None if seen["right"] else "nobody"), SEEN), "dict of counts"),
    (checks.diagnosis, (lambda records: [2, 7, 4], SEEN), "dict of counts"),
    (
        checks.diagnosis,
        (causes(lambda retrieved, right, **_: None if right else "reader" if retrieved else "retriever"), SEEN),
        "retriever alone",
    ),
    (
        checks.diagnosis,
        (
            causes(
                lambda retrieved, right, right_with_gold: right_cause(retrieved, retrieved and right, right_with_gold)
            ),
            SEEN,
        ),
        "even if it came by luck",
    ),
    (
        checks.diagnosis,
        (
            causes(
                lambda retrieved, right, right_with_gold: right_cause(
                    retrieved, right or (retrieved and right_with_gold), right_with_gold
                )
            ),
            SEEN,
        ),
        "gold passage alone would do",
    ),
    (
        checks.diagnosis,
        (
            causes(
                lambda retrieved, right, right_with_gold: (
                    None
                    if right
                    else "retriever"
                    if not retrieved and right_with_gold
                    else "reader"
                    if right_with_gold
                    else "both"
                )
            ),
            SEEN,
        ),
        "only for evidence that was not retrieved",
    ),
    (checks.diagnosis, (lambda records: {"retriever": 2 / 13, "reader": 7 / 13, "both": 4 / 13}, SEEN), "shares"),
    (checks.diagnosis, (lambda records: {"retriever": "two"}, SEEN), "made-up records"),
]


def test_the_diagnosis_tells_what_a_perfect_search_would_repair():
    verdict = checks.diagnosis(causes(right_cause), SEEN)
    assert "Of 4 questions: retriever 1, reader 0, both 2" in verdict.message and "repair 1 of these" in verdict.message
