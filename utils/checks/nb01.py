"""Checks of the exercises of notebook 01: embeddings."""

from collections.abc import Sequence

import numpy as np

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong


@check
def nearest_sentence(prediction: str, similarities: dict[str, float]) -> Verdict:
    """Exercise 1: `prediction` is the letter of the sentence that lies nearest, by `similarities` of each letter."""
    if prediction not in similarities:
        return wrong(f"Answer with one of the letters {', '.join(similarities)}, in quotation marks.")
    nearest = max(similarities, key=lambda letter: similarities[letter])
    listed = ", ".join(f"{letter} {value:.2f}" for letter, value in similarities.items())
    if prediction == nearest:
        return done(f"The similarities are {listed}. The nearest sentence says the opposite.")
    if prediction == "b":
        return wrong(
            f"b says the same in other words, and yet: {listed}. What do the nearest two share, if not the sense?"
        )
    return wrong(f"The similarities are {listed}. A shared number or noun alone does not make two texts near.")


@check
def mean_pooling(function: object) -> Verdict:
    """Exercise 2: `function(token_vectors, mask)` gives the mean of the rows whose mask is 1, scaled to length 1."""
    rows = np.array([[3.0, 0.0], [1.0, 4.0], [8.0, -9.0]])
    mask = np.array([1, 1, 0])
    given = call(function, rows, mask)
    if close(given, [np.sqrt(0.5), np.sqrt(0.5)]):
        return done("Padding does not count, and the length is 1: that is what the library does.")
    if close(given, [2.0, 2.0]):
        return wrong("The mean is right, but its length is not 1: divide it by its norm.")
    everything = rows.mean(axis=0)
    if close(given, everything) or close(given, everything / np.linalg.norm(everything)):
        return wrong("You averaged the padding too. Only rows whose mask is 1 belong to the text.")
    if np.shape(given) != (2,):
        return wrong(f"One vector of 2 numbers is wanted, this has the shape {np.shape(given)}: average over the rows.")
    return wrong("For rows (3, 0), (1, 4) and a padded third, the mean is (2, 2), and then its length is made 1.")


@check
def cosine_repaired(function: object) -> Verdict:
    """Exercise 3: `function(a, b)` gives the cosine of two vectors of any length."""
    a, b = np.array([3.0, 4.0]), np.array([6.0, 0.0])
    given = call(function, a, b)
    if close(given, 0.6):
        return done("The cosine no longer depends on how long the vectors are.")
    if close(given, 18.0):
        return not_done("For (3, 4) and (6, 0) it still gives 18, the dot product; a cosine is never above 1.")
    if close(given, 0.4):
        return wrong("That is the cosine distance, 1 − cosine. Near must mean large here.")
    if close(given, 18 / 25) or close(given, 18 / 36) or close(given, 3.6) or close(given, 3.0):
        return wrong("You divided by one of the two lengths only, or by one of them twice. Both vectors have a length.")
    return wrong(f"For (3, 4) and (6, 0) the cosine is 18 / (5 · 6) = 0.6; yours is {given}.")


@check
def windows(function: object) -> Verdict:
    """Exercise 4: `function(pieces, size, overlap)` cuts a list into windows that lose nothing."""
    pieces = list("abcdefghij")
    given = call(function, pieces, 4, 1)
    if not isinstance(given, Sequence) or not all(isinstance(window, Sequence) for window in given):
        return wrong("Return a list of lists, one for each window.")
    given = [list(window) for window in given]
    if [piece for window in given for piece in window].count("j") == 0:
        return wrong("The last pieces are in no window: the end of the text is lost again.")
    if any(len(window) > 4 for window in given):
        return wrong("A window is longer than `size`: the model would cut it silently.")
    if given == [pieces[0:4], pieces[4:8], pieces[8:]]:
        return wrong(
            "Nothing is lost, but neighbours share no piece. Each window should start `overlap` pieces earlier."
        )
    if given[-1] in (["j"], given[-2][-len(given[-1]) :]):
        return wrong(
            "The last window holds nothing that the one before it does not hold. Stop once the end is reached."
        )
    if given != [list("abcd"), list("defg"), list("ghij")]:
        return wrong(
            f"For ten letters, size 4 and overlap 1: abcd, defg, ghij. Yours: {', '.join(map(''.join, given))}."
        )
    if [list(window) for window in call(function, list("abc"), 4, 1)] != [list("abc")]:
        return wrong("A text shorter than one window should give exactly one window with all of it.")
    return done(
        "Every piece is in a window, and no sentence falls into a gap between two. Notebook 02 cuts at sentences."
    )
