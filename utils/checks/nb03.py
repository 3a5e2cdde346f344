"""Checks of the exercises of notebook 03: a RAG system."""

from collections.abc import Mapping, Sequence

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong

TEXTS = [
    "Mrs Petrie keeps the key.",
    "In thick fog the horn sounds for 4 seconds in every 90.",
    "Ask at the post office.",
]
QUESTION = "Who keeps the key?"


@check
def forged_confidence(prediction: str, honest: float, forged: float) -> Verdict:
    """Exercise 1: `prediction` is "a" for a confidence that falls with the forgery, "b" if it stays, "c" if it rises.

    `honest` and `forged` are the confidences; they are the same if they differ by at most a tenth of `honest`.
    """
    if not isinstance(prediction, str) or prediction not in ("a", "b", "c"):
        return wrong("Answer with one of the letters a, b, c, in quotation marks.")
    change = forged - honest
    happens = "b" if abs(change) <= 0.1 * abs(honest) else "a" if change < 0 else "c"
    values = f"The confidence is {honest:.2f} with the true passage and {forged:.2f} with the forged one"
    if prediction == happens == "b":
        return done(f"{values}. It says whether an answer comes from what was found, not whether that is true.")
    if prediction == happens:
        return done(f"{values}.")
    if prediction == "a":
        return wrong(f"{values}. Nothing compares the passage with the truth: what are the two factors computed from?")
    if prediction == "c":
        return wrong(
            f"{values}. A larger number in the text is no larger score: what are the two factors computed from?"
        )
    return wrong(f"{values}. Which of the two factors has changed?")


@check
def numbered_prompt(function: object) -> Verdict:
    """Exercise 2: `function(question, texts, budget)` gives numbered whole passages and the question, within budget."""
    given = call(function, QUESTION, TEXTS, 17)
    if not isinstance(given, str):
        return wrong(f"Return one text, not a {type(given).__name__}: put the lines together with line breaks.")
    *shown, asked = lines_of(given)
    if asked != f"Question: {QUESTION}":
        return wrong(f"The last line should be the whole question, 'Question: {QUESTION}'; yours is {asked!r}.")
    if any(line.startswith("[0]") for line in shown):
        return wrong("Your numbers begin with 0; the first passage is [1].")
    if f"[3] {TEXTS[2]}" in shown and len(shown) < 3:
        return wrong("A passage that was left out has used up a number. Count the passages that are shown.")
    if any(not line.endswith(tuple(TEXTS)) for line in shown):
        return wrong("A line is not a whole passage. A passage is shown whole or left out, and takes one line.")
    if len(given.split()) > 17:
        return wrong(f"The prompt has {len(given.split())} words where 17 are allowed. Leave out what does not fit.")
    if shown == [f"[1] {TEXTS[0]}"]:
        return too_few(function)
    if shown != [f"[1] {TEXTS[0]}", f"[2] {TEXTS[2]}"]:
        return wrong(f"With 17 words, the first and the third passage fit, as [1] and [2]. Yours shows {shown}.")
    return other_budgets(function)


def lines_of(text: str) -> list[str]:
    """Return the lines of a prompt without blank ones; one empty line for an empty prompt."""
    return [line.strip() for line in text.split("\n") if line.strip()] or [""]


def too_few(function: object) -> Verdict:
    """Say why a prompt of 17 words holds one passage although two fit."""
    if TEXTS[2] in str(call(function, QUESTION, TEXTS, 18)):
        return wrong("A prompt of exactly `budget` words fits: compare with <=.")
    return wrong("You stop at the first passage that does not fit. A later, shorter one may still have room.")


def other_budgets(function: object) -> Verdict:
    """Judge a function whose prompt of 17 words is right by prompts that are shorter and longer."""
    tight = str(call(function, QUESTION, TEXTS, 16))
    if len(tight.split()) > 16:
        return wrong(
            f"With a budget of 16, your prompt has {len(tight.split())} words. The question and the numbers count too."
        )
    if f"[1] {TEXTS[0]}" not in tight:
        return wrong("With a budget of 16, the best passage still fits and should be shown.")
    if str(call(function, QUESTION, TEXTS, 5)).strip() != f"Question: {QUESTION}":
        return wrong("With a budget of 5 there is room for the question only; it should stand there, whole and alone.")
    wide = lines_of(str(call(function, QUESTION, TEXTS, 100)))
    if wide[:-1] != [f"[{number}] {text}" for number, text in enumerate(TEXTS, start=1)]:
        return wrong("With room for everything, all three passages should be shown in their order, as [1], [2], [3].")
    return done("The passages give way, the question never. The course counts tokens instead of words.")


@check
def abstention_repaired(function: object) -> Verdict:
    """Exercise 3: `function(dev, test, misses)` gives the share of near misses below the development threshold."""
    dev, misses = [0.9, 0.8, 0.7, 0.6, 0.5], [0.65, 0.6, 0.55, 0.45, 0.2, 0.1, 0.05]
    given = call(function, dev, [0.5, 0.4, 0.35, 0.3, 0.2], misses)
    if close(given, 4 / 7):
        return not_done("Both faults are still there: which questions set the threshold, and who is counted?")
    if close(given, 3 / 7):
        return wrong("It counts those below the threshold now, but the threshold still comes from the test questions.")
    if close(given, 1 / 7) or close(given, 2 / 7):
        return wrong("The threshold is from the development questions now, but you count those that are answered.")
    if close(given, 6 / 7):
        return wrong("A confidence equal to the threshold is answered, so only those strictly below it are declined.")
    if close(given, 5) or close(given, 500 / 7, 1):
        return wrong("Those are the right questions, but a share is wanted: a number from 0 to 1.")
    if not close(given, 5 / 7):
        return wrong(
            f"For {dev} the threshold is 0.6; of the near misses {misses}, five of seven lie below. Yours: {given}."
        )
    if not close(call(function, dev, [0.95, 0.9, 0.1, 0.05, 0.0], misses), 5 / 7):
        return wrong("Other answers to the test questions change the result: something still looks at them.")
    return done("The threshold is set before the test is opened, and whoever lies below it is declined.")


def record(retrieved: int, right: int, right_with_gold: int) -> dict[str, bool]:
    """Return what was seen of one question."""
    return {"retrieved": bool(retrieved), "right": bool(right), "right_with_gold": bool(right_with_gold)}


RECORDS = [
    *[record(1, 1, 1)] * 3,
    *[record(0, 1, 1), record(0, 1, 0)],  # right by luck, without the evidence
    *[record(0, 0, 1)] * 2,
    *[record(0, 0, 0)] * 4,
    *[record(1, 0, 0)] * 6,
    record(1, 0, 1),
]
CAUSES = ("retriever", "reader", "both")


def count_causes(records: Sequence[Mapping[str, bool]]) -> dict[str, int]:
    """Return for how many records the retriever, the reader or both caused the error; right answers count nowhere."""
    counts = dict.fromkeys(CAUSES, 0)
    for seen in records:
        if not seen["right"]:
            counts["reader" if seen["retrieved"] else "retriever" if seen["right_with_gold"] else "both"] += 1
    return counts


@check
def diagnosis(function: object, records: Sequence[Mapping[str, bool]]) -> Verdict:
    """Exercise 4: `function(records)` counts the errors by cause, a dict with "retriever", "reader" and "both"."""
    given = call(function, [dict(seen) for seen in RECORDS])
    if not isinstance(given, Mapping) or not given or not set(given) <= set(CAUSES):
        return wrong('Return a dict of counts with the keys "retriever", "reader" and "both".')
    counts = [given.get(cause, 0) for cause in CAUSES]
    if close(counts, [2, 7, 4]):
        found = count_causes(records)
        listed = ", ".join(f"{cause} {number}" for cause, number in found.items())
        lost = found["retriever"] + found["both"]
        return done(
            f"Of {len(records)} questions: {listed}. The evidence was missing in {lost} errors; "
            f"a perfect search would repair {found['retriever']} of these with this reader."
        )
    if close(counts, [6, 7, 0]):
        return wrong("Of those not retrieved, you blame the retriever alone even where the reader fails with gold too.")
    if close(counts, [3, 7, 5]) or close(counts, [3, 10, 5]):
        return wrong("You count right answers as well. A right answer has no cause of error, even if it came by luck.")
    if close(counts, [2, 6, 4]) or close(counts, [3, 6, 4]):
        return wrong("Retrieved and yet wrong is the reader's error, also where the gold passage alone would do.")
    if close(counts, [2, 4, 6]) or close(counts, [2, 1, 10]):
        return wrong('"both" is only for evidence that was not retrieved; what was retrieved is the reader\'s error.')
    if close(counts, [2 / 13, 7 / 13, 4 / 13]) or close(counts, [2 / 18, 7 / 18, 4 / 18]):
        return wrong("Those are shares; count the questions.")
    return wrong(
        f"For 18 made-up records: retriever 2, reader 7, both 4; yours: {dict(given)}. Leave out right answers first."
    )
