"""Exercises of notebook 06: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import random
from itertools import count
from statistics import mean

from sklearn.metrics import f1_score, precision_score

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb06 as checks
from utils.metrics import Interval

DRAWS = count()
GAINS = {
    "a, triage": Interval(0.1, 0.0, 0.2),
    "b, sentiment": Interval(0.3, 0.2, 0.4),
    "d, dialogue": Interval(0.0, 0.0, 0.0),
}


def micro_f1(key):
    def function(gold, predicted):
        true = [{key(e) for e in entities} for entities in gold]
        found = [{key(e) for e in entities} for entities in predicted]
        hits = sum(len(one & other) for one, other in zip(true, found, strict=True))
        return 2 * hits / (sum(map(len, true)) + sum(map(len, found)))

    return function


def share_of(side):
    def function(gold, predicted):
        hits = sum(len(one & other) for one, other in zip(gold, predicted, strict=True))
        return hits / sum(map(len, predicted if side == "precision" else gold))

    return function


def sentence_mean(gold, predicted):
    return mean(micro_f1(tuple)([one], [other]) for one, other in zip(gold, predicted, strict=True))


def with_entities_mean(gold, predicted):
    return mean(micro_f1(tuple)([one], [other]) for one, other in zip(gold, predicted, strict=True) if one)


def changes_its_input(gold, predicted):
    total = sum(map(len, gold)) + sum(map(len, predicted))
    for true, found in zip(gold, predicted, strict=True):
        true &= found
    return 2 * sum(map(len, gold)) / total


def by_item(items, seed):
    shuffled = random.Random(seed).sample(items, len(items))
    return shuffled[3:], shuffled[:3]


def in_order(items, seed):
    return items[4:], items[:4]


def by_group(items, seed, *, share=4, keep=lambda item: True):
    groups = sorted({group for _, group in items})
    random.Random(seed).shuffle(groups)
    drawn = groups[: len(groups) // share]
    return [i for i in items if i[1] not in drawn and keep(i)], [i for i in items if i[1] in drawn]


def of_average(average):
    return lambda gold, predicted: float(f1_score(gold, predicted, average=average, zero_division=0))


def recalls(gold, predicted):
    pairs = list(zip(gold, predicted, strict=True))
    return mean(sum(t == p == name for t, p in pairs) / gold.count(name) for name in set(gold))


def of_means(gold, predicted):
    precision = float(precision_score(gold, predicted, average="macro", zero_division=0))
    return 2 * precision * recalls(gold, predicted) / (precision + recalls(gold, predicted))


def of_predicted(gold, predicted):
    return float(f1_score(gold, predicted, average="macro", labels=sorted(set(predicted)), zero_division=0))


RIGHT = [
    (checks.prompt_search, ("b", GAINS)),
    (checks.entity_f1, (micro_f1(tuple),)),
    (checks.split_repaired, (by_group,)),
    (checks.macro_f1, (of_average("macro"),)),
]
STUBS = [
    (checks.prompt_search, (..., GAINS)),
    (checks.entity_f1, (lambda gold, predicted: ...,)),
    (checks.split_repaired, (by_item,)),
    (checks.macro_f1, (lambda gold, predicted: ...,)),
]
MISTAKES = [
    (checks.prompt_search, ("a", GAINS), "gained less"),
    (checks.prompt_search, ("d", GAINS), "no prompt was better"),
    (checks.prompt_search, ("sentiment", GAINS), "one of the letters"),
    (checks.entity_f1, (micro_f1(lambda entity: entity[:2]),), "wrong label"),
    (checks.entity_f1, (micro_f1(lambda entity: entity[::2]),), "Both borders"),
    (checks.entity_f1, (share_of("precision"),), "That is the precision"),
    (checks.entity_f1, (share_of("recall"),), "That is the recall"),
    (checks.entity_f1, (sentence_mean,), "averaged over sentences"),
    (checks.entity_f1, (with_entities_mean,), "sentences that have entities"),
    (checks.entity_f1, (lambda gold, predicted: micro_f1(tuple)(gold, predicted) / 2,), "factor 2"),
    (checks.entity_f1, (lambda gold, predicted: {},), "3 of 7 predicted"),
    (checks.split_repaired, (lambda items, seed: by_group(items, seed, keep=lambda i: i[0] < "O"),), "lost or doubled"),
    (checks.split_repaired, (in_order,), "Draw groups first"),
    (checks.split_repaired, (lambda items, seed: by_group(items, seed, share=2),), "Of 4 groups, 2 are"),
    (checks.split_repaired, (lambda items, seed: by_group(items, next(DRAWS)),), "same seed gives another"),
    (checks.split_repaired, (lambda items, seed: by_group(items, seed) if seed < 5 else 3,), "two lists"),
    (checks.split_repaired, (lambda items, seed: (None, 2),), "two lists"),
    (checks.split_repaired, (lambda items, seed: (items, []),), "empty"),
    (checks.split_repaired, (lambda items, seed: by_group(items, seed)[::-1],), "larger one"),
    (checks.split_repaired, (lambda items, seed: by_group(items, 0),), "Every seed"),
    (checks.split_repaired, (lambda items, seed: 3,), "two lists"),
    (checks.split_repaired, (lambda items, seed: (["Open"], ["Close"]),), "pairs of text and group"),
    (checks.macro_f1, (of_average("micro"),), "accuracy"),
    (checks.macro_f1, (of_average("weighted"),), "weighted by frequency"),
    (checks.macro_f1, (of_predicted,), "never predicted"),
    (checks.macro_f1, (recalls,), "mean recall"),
    (checks.macro_f1, (of_means,), "F1 of the means"),
    (checks.macro_f1, (lambda gold, predicted: 1 / 0,), "Your function raised"),
]


def test_a_check_is_not_changed_by_a_function_that_changes_its_input():
    assert checks.entity_f1(changes_its_input).kind == "done"
    assert checks.entity_f1(micro_f1(tuple)).kind == "done"
