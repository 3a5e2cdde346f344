"""Checks of the exercises of notebook 02: retrieval."""

from collections.abc import Mapping
from numbers import Real

import numpy as np

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong
from utils.metrics import recall_at_k

MISSED_BECAUSE = {
    "b": "V-19 is cut into v and 19, but V19 is one word of its own, and no passage has it.",
    "d": "The passage has neither tap nor reservoirs: its author wrote other words for both.",
}
FOUND_BECAUSE = {
    "a": "The code stands in the passage, and one rare word that agrees is enough.",
    "c": "Tarn is rare and stands in the passage, as does water, so the other words need not agree.",
}


@check
def missed_by_words(prediction: object, ranks: dict[str, int | None]) -> Verdict:
    """Exercise 1: `prediction` has the letters whose rank is None, that is, of the questions the search misses."""
    if not isinstance(prediction, str) or not set(prediction.lower()) - set(" ,") <= set(ranks):
        return wrong(f"Answer with letters out of {', '.join(ranks)} in quotation marks, such as 'a' or 'acd'.")
    given = set(prediction.lower()) - set(" ,")
    listed = ", ".join(f"{letter} {'missed' if rank is None else f'rank {rank}'}" for letter, rank in ranks.items())
    for letter, rank in ranks.items():
        if rank is None and letter not in given:
            return wrong(f"{letter} is missed too. {MISSED_BECAUSE.get(letter, '')} All: {listed}.")
        if rank is not None and letter in given:
            return wrong(f"{letter} is found. {FOUND_BECAUSE.get(letter, '')} All: {listed}.")
    return done(f"{listed}. Search by words needs the author's own words, spelled as the author spelled them.")


@check
def fused(function: object) -> Verdict:
    """Exercise 2: `function(rankings, constant)` gives each passage the sum of 1 / (constant + rank)."""
    rankings = [["a", "b", "c"], ["c", "a", "d"]]
    given = call(function, [list(ranking) for ranking in rankings], 3)
    if not isinstance(given, Mapping):
        return wrong(f"Return a dict from passage to score; this is a {type(given).__name__}.")
    if not given:
        return not_done("The dict is still empty.")
    if set(given) == {"a", "c"}:
        return wrong("b and d are missing: a passage that stands in one ranking only has earned something as well.")
    if set(given) != set("abcd"):
        return wrong(f"The passages a, b, c and d should each have a score; yours are for {sorted(map(str, given))}.")
    hint = fusion_hint([given[name] for name in "abcd"])
    if hint:
        return wrong(hint)
    again = call(function, rankings, 60)
    if not isinstance(again, Mapping) or not close([again.get(name) for name in "abcd"], fusion_scores(60), 1e-5):
        return wrong("Right for constant 3, not for 60: use the argument `constant` and begin with an empty dict.")
    return done("a, first and second, comes before c, third and first. No score of either search was needed for it.")


def fusion_scores(constant: float, first_rank: int = 1) -> np.ndarray:
    """Return the fused scores of a, b, c and d in the rankings a b c and c a d."""
    earned = 1 / (constant + first_rank + np.arange(3))
    return np.array([earned[0] + earned[1], earned[1], earned[2] + earned[0], earned[2]])


def fusion_hint(scores: list[object]) -> str:
    """Return what is wrong with the scores of a, b, c and d for the constant 3; nothing if they are right."""
    wanted = fusion_scores(3)
    only_last, only_first = [1 / 5, 1 / 5, 1 / 4, 1 / 6], [1 / 4, 1 / 5, 1 / 6, 1 / 6]
    if close(scores, wanted):
        return ""
    if close(scores, fusion_scores(3, first_rank=0)):
        return "You count ranks from 0. The first passage has rank 1 and earns 1 / (constant + 1)."
    if close(scores, fusion_scores(0)):
        return "That is the sum of 1 / rank. The constant is missing under the fraction line."
    if close(scores, only_last) or close(scores, only_first):
        return "a and c stand in both rankings, but have what one of them gave: add to the score, do not replace it."
    if close(scores, wanted / 2):
        return "That is the mean over the two rankings. The order is right, but the method sums."
    if close(scores, [2 / 3 + 3, 1 / 3 + 2, 2 / 3 + 4, 1 / 3 + 3]):
        return "You divide by the constant alone and then add the rank: put brackets around constant + rank."
    return "For the rankings a b c and c a d and the constant 3, a earns 1 / 4 + 1 / 5 = 0.45, and b earns 1 / 5."


@check
def mean_recall_repaired(function: object) -> Verdict:
    """Exercise 3: `function(rankings, relevant, k)` gives the mean over questions of the share of relevant found."""
    rankings = [list("abcd"), list("efgh"), list("mnop"), list("rstu")]
    relevant = [set("abd"), set("f"), set("mxyz"), set("t")]
    given = call(function, [list(ranking) for ranking in rankings], [set(right) for right in relevant], 2)
    pairs = list(zip(rankings, relevant, strict=True))
    shares = [recall_at_k(ranking, right, 2) for ranking, right in pairs]
    found = [len(set(ranking[:2]) & right) for ranking, right in pairs]
    if close(given, np.mean(shares)):
        return done(
            "Each question counts once, whatever its number of relevant passages, and a larger k never lowers it."
        )
    if close(given, np.mean(found) / 2):
        return not_done("It still divides by k. That is the share of the first k that is relevant: precision@k.")
    if close(given, sum(found) / sum(len(right) for right in relevant)):
        return wrong("Your recall counts passages, not questions: take the share for each question, then the mean.")
    if close(given, np.mean([recall_at_k(ranking, right, len(ranking)) for ranking, right in pairs])):
        return wrong("You look at the whole ranking: only its first k passages count.")
    if close(given, np.mean([count > 0 for count in found])):
        return wrong("That is the share of questions with any hit. Of three relevant passages, two found is 2/3.")
    if close(given, np.mean([count / min(2, len(right)) for count, right in zip(found, relevant, strict=True)])):
        return wrong("You divide by k wherever more than k are relevant. Recall divides by all that are relevant.")
    if close(given, sum(shares)) or close(given, shares):
        return wrong("The shares are right; now take their mean over the questions.")
    if close(given, np.mean(found)):
        return wrong("That is the mean number found, without the number of relevant passages under the fraction line.")
    return wrong(f"For four questions with the shares 2/3, 1, 1/4 and 0 the mean is 0.479; yours is {given}.")


@check
def size_chosen(function: object) -> Verdict:
    """Exercise 4: `function(hits, documents)` gives the smallest size than which no larger one is really better."""
    pairs = [f"document {question // 2}" for question in range(40)]
    one_long = ["document 0"] * 10 + pairs[10:]
    first_half = set(range(20))
    gained = {20, 22, 24, 26, 28, 30, 32, 34}

    worse = {64: found(set(range(30))), 96: found(first_half), 250: found(first_half - {0, 2})}
    size = size_from(function, worse, pairs)
    if size != 64:
        return wrong(
            f"In the first table the larger sizes are really worse, and you take {size}. "
            "Only a difference above zero counts, larger minus smaller: scores first, baseline second."
        )
    better = {64: found(first_half), 96: found(first_half | gained)}
    better[250] = found((first_half | gained | {21, 23, 36, 38}) - {0, 2, 4})
    size = size_from(function, better, pairs)
    if size == 250:
        return wrong(
            "You take 250, which has the highest mean; but its interval over 96 contains zero: too close to call."
        )
    if size == 64:
        return wrong(
            "You stay at 64, although 96 finds eight more and loses none. "
            "That the two intervals overlap says little: look at the interval of the difference."
        )
    steps = {64: found(first_half), 96: found(first_half | {20, 22}), 250: found(first_half | {20, 22, 24, 26})}
    size = size_from(function, steps, pairs)
    if size == 64:
        return wrong(
            "96 is not really better than 64, but 250 is: compare with every larger size, not only with the next."
        )
    if size == 250:
        return wrong("You take 250, but its interval over 96 begins at zero exactly. Really better is above zero.")
    lucky = {64: found(set(range(20, 40))), 96: found(set(range(20, 40)) | set(range(8)))}
    if size_from(function, lucky, one_long) != 64:
        return wrong(
            "In the last table all that is gained lies in one document. "
            "Hand over `documents`, so that whole documents are resampled, not questions."
        )
    return done("The rule takes no size for its mean alone. What the longer text costs the reader is for notebook 03.")


def found(questions: set[int]) -> list[int]:
    """Return a 1 for each of 40 questions that is in a set, and a 0 for the others."""
    return [int(question in questions) for question in range(40)]


def size_from(function: object, hits: dict[int, list[int]], documents: list[str]) -> object:
    """Return what the learner's function chooses; anything that is none of the sizes comes back as text."""
    given = call(function, {size: list(scores) for size, scores in hits.items()}, list(documents))
    return given if isinstance(given, Real) and given in hits else f"{given!r}, which is none of the sizes"
