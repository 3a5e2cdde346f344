"""Exercises of notebook 01: solutions pass, stubs are not done, and typical mistakes get a hint of their own."""

import numpy as np

from tests.check_directions import (  # noqa: F401
    test_a_solution_passes,
    test_a_typical_mistake_gets_its_own_hint,
    test_an_untouched_exercise_is_not_done,
)
from utils.checks import nb01 as checks

SIMILARITIES = {"a": 0.95, "b": 0.42, "c": 0.5}


def normalised(vector):
    return vector / np.linalg.norm(vector)


def windows_from(starts, size):
    return lambda pieces, _, __: [pieces[start : start + size] for start in starts]


def good_windows(pieces, size, overlap):
    return [pieces[s : s + size] for s in range(0, max(len(pieces) - overlap, 1), size - overlap)]


RIGHT = [
    (checks.nearest_sentence, ("a", SIMILARITIES)),
    (checks.mean_pooling, (lambda rows, mask: normalised(rows[mask == 1].mean(axis=0)),)),
    (checks.cosine_repaired, (lambda a, b: normalised(a) @ normalised(b),)),
    (checks.windows, (good_windows,)),
]
STUBS = [
    (checks.nearest_sentence, (..., SIMILARITIES)),
    (checks.mean_pooling, (lambda rows, mask: None,)),
    (checks.cosine_repaired, (lambda a, b: a @ b,)),
    (checks.windows, (lambda pieces, size, overlap: None,)),
]
MISTAKES = [
    (checks.nearest_sentence, ("b", SIMILARITIES), "says the same in other words"),
    (checks.nearest_sentence, ("c", SIMILARITIES), "shared number or noun"),
    (checks.nearest_sentence, (0, SIMILARITIES), "one of the letters a, b, c"),
    (checks.mean_pooling, (lambda rows, mask: rows[mask == 1].mean(axis=0),), "length is not 1"),
    (checks.mean_pooling, (lambda rows, mask: normalised(rows.mean(axis=0)),), "averaged the padding"),
    (checks.mean_pooling, (lambda rows, mask: rows.mean(axis=1),), "shape"),
    (checks.cosine_repaired, (lambda a, b: 1 - normalised(a) @ normalised(b),), "cosine distance"),
    (checks.cosine_repaired, (lambda a, b: a @ b / np.linalg.norm(a),), "one of the two lengths"),
    (checks.cosine_repaired, (lambda a, b: a.cosine(b),), "Your function raised"),
    (checks.windows, (windows_from([0, 3], 4),), "end of the text is lost"),
    (checks.windows, (windows_from([0, 4, 8], 4),), "share no piece"),
    (checks.windows, (windows_from([0, 3, 6, 9], 4),), "nothing that the one before"),
    (checks.windows, (windows_from([0, 5], 6),), "longer than `size`"),
]
