"""Exercises of notebook 05: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import numpy as np

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb05 as checks


def best_before_stop(losses, patience):
    best = 0
    for number, loss in enumerate(losses):
        best = number if loss < losses[best] else best
        if number - best == patience:
            break
    return best + 1


def counts(rule):
    return lambda shapes, rank: sum(rule(out, into, rank) for out, into in shapes)


def merge(scale):
    return lambda weight, a, b, alpha: weight + scale(alpha, len(a), weight) * b @ a


def merge_in_place(weight, a, b, alpha):
    weight += alpha / len(a) * b @ a
    return weight


def sort_first(losses, patience):
    losses.sort()
    return 1


RIGHT = [
    (checks.doubled_alpha, ("b", 2.0)),
    (checks.trainable_parameters, (counts(lambda out, into, rank: rank * (out + into)),)),
    (checks.merged_weights, (merge(lambda alpha, rank, _: alpha / rank),)),
    (checks.merged_weights, (merge_in_place,)),
    (checks.labels_repaired, (lambda prompt, answer: [-100] * len(prompt) + answer,)),
    (checks.pass_to_keep, (best_before_stop,)),
]
STUBS = [
    (checks.doubled_alpha, (..., 2.0)),
    (checks.trainable_parameters, (lambda shapes, rank: ...,)),
    (checks.merged_weights, (lambda weight, a, b, alpha: ...,)),
    (checks.labels_repaired, (lambda prompt, answer: prompt + answer,)),
    (checks.pass_to_keep, (lambda losses, patience: ...,)),
]
MISTAKES = [
    (checks.doubled_alpha, ("a", 2.0), "Where does alpha stand"),
    (checks.doubled_alpha, ("c", 2.0), "not once for A and once for B"),
    (checks.doubled_alpha, (2, 2.0), "one of the letters"),
    (checks.trainable_parameters, (counts(lambda out, into, rank: out * into),), "frozen weights"),
    (checks.trainable_parameters, (counts(lambda out, into, rank: rank * out * into),), "sizes are added"),
    (checks.trainable_parameters, (counts(lambda out, into, rank: rank * into),), "Only one of the two matrices"),
    (checks.trainable_parameters, (lambda shapes, rank: rank * sum(shapes[0]),), "Only one of the shapes"),
    (checks.trainable_parameters, (lambda shapes, rank: "many",), "yours gives many"),
    (checks.merged_weights, (merge(lambda alpha, rank, _: 1),), "scale is missing"),
    (checks.merged_weights, (merge(lambda alpha, rank, _: alpha),), "alpha alone"),
    (checks.merged_weights, (merge(lambda alpha, rank, weight: alpha / weight.shape[1]),), "a side of the weights"),
    (checks.merged_weights, (lambda weight, a, b, alpha: alpha / len(a) * b @ a,), "only the adapter's change"),
    (checks.merged_weights, (lambda weight, a, b, alpha: weight + a @ b,), "Your function raised ValueError"),
    (checks.merged_weights, (lambda weight, a, b, alpha: weight.T,), "shape of the old ones"),
    (checks.labels_repaired, (lambda prompt, answer: [0] * len(prompt) + answer,), "label of token 0"),
    (checks.labels_repaired, (lambda prompt, answer: prompt + [-100] * len(answer),), "wrong part is masked"),
    (checks.labels_repaired, (lambda prompt, answer: answer,), "label for every token"),
    (checks.labels_repaired, (lambda prompt, answer: [-100] * len(prompt) + [-100, *answer[1:]],), "Off by one"),
    (checks.labels_repaired, (lambda prompt, answer: [-100] * (len(prompt) - 1) + answer + [-100],), "Off by one"),
    (checks.labels_repaired, (lambda prompt, answer: [-100] * 3 + answer,), "prompt of three tokens only"),
    (checks.labels_repaired, (lambda prompt, answer: 5,), "Return a list"),
    (checks.labels_repaired, (lambda prompt, answer: [np.zeros(2)] * 5,), "Return a list"),
    (checks.merged_weights, (lambda weight, a, b, alpha: [[1], [1, 2]],), "different lengths"),
    (checks.pass_to_keep, (lambda losses, patience: losses.index(min(losses)) + 1,), "training stops after pass 5"),
    (checks.pass_to_keep, (lambda losses, patience: best_before_stop(losses, patience) + patience,), "where training"),
    (checks.pass_to_keep, (lambda losses, patience: best_before_stop(losses, patience) - 1,), "from 1"),
    (checks.pass_to_keep, (lambda losses, patience: best_before_stop(losses, 2),), "Does yours use `patience`"),
]


def test_a_function_that_changes_its_arguments_does_not_spoil_the_next_check():
    assert checks.pass_to_keep(sort_first).kind == "wrong"
    assert checks.pass_to_keep(best_before_stop).kind == "done"
