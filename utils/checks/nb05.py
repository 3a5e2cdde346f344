"""Checks of the exercises of notebook 05: LoRA fine-tuning."""

import numpy as np

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong

SHAPES = [(192, 576), (1536, 576)]  # (outputs, inputs) of two matrices
LOSSES = [2.0, 1.4, 1.1, 1.2, 1.3, 0.9]


@check
def doubled_alpha(prediction: str, ratio: float) -> Verdict:
    """Exercise 1: `prediction` says what doubling alpha does; `ratio` is the change's length, after over before."""
    letters = {"a": 1.0, "b": 2.0, "c": 4.0}
    if not isinstance(prediction, str) or prediction not in letters:
        return wrong("Answer with one of the letters a, b, c, in quotation marks.")
    if close(ratio, letters[prediction], 0.01):
        return done(f"The change became {ratio:.1f} times as long: alpha / rank is a plain factor before B A x.")
    if prediction == "a":
        return wrong(f"It became {ratio:.1f} times as long. Where does alpha stand in the layer's forward?")
    return wrong(f"It became {ratio:.1f} times as long: alpha stands there once, not once for A and once for B.")


@check
def trainable_parameters(function: object) -> Verdict:
    """Exercise 2: `function(shapes, rank)` gives LoRA's parameters for matrices of shapes (outputs, inputs)."""
    given = call(function, list(SHAPES), 16)
    right = sum(16 * (out + into) for out, into in SHAPES)
    if close(given, right):
        full = sum(out * into for out, into in SHAPES)
        return done(
            f"{right:,} instead of {full:,}: the thin matrices add their sides where the full one multiplies them."
        )
    if close(given, sum(out * into for out, into in SHAPES)):
        return wrong("That is the number of frozen weights. A has rank · inputs, B has outputs · rank.")
    if close(given, sum(16 * out * into for out, into in SHAPES)):
        return wrong("You multiplied outputs by inputs. A and B are two matrices, so their sizes are added.")
    if close(given, sum(16 * out for out, _ in SHAPES)) or close(given, sum(16 * into for _, into in SHAPES)):
        return wrong("Only one of the two matrices is counted: there is A as well as B.")
    if close(given, 16 * sum(SHAPES[0])) or close(given, 16 * sum(SHAPES[-1])):
        return wrong("Only one of the shapes is counted. Sum over all of them.")
    return wrong(f"For {SHAPES} and rank 16, A and B together have {right:,} parameters; yours gives {given}.")


@check
def merged_weights(function: object) -> Verdict:
    """Exercise 3: `function(weight, a, b, alpha)` gives the weights of a layer with its adapter merged."""
    dice = np.random.default_rng(0)
    weight, a, b = dice.normal(size=(4, 3)), dice.normal(size=(2, 3)), dice.normal(size=(4, 2))
    given = call(function, weight.copy(), a.copy(), b.copy(), 6)  # copies: a function may add in place
    try:
        shape = np.shape(given)
    except ValueError:
        return wrong("Its rows are of different lengths. Return one array of the shape of the weights.")
    if close(given, weight + 3 * b @ a):
        return done("One matrix as large as the old one: a merged adapter costs nothing at run time.")
    if close(given, weight + b @ a):
        return wrong("The scale is missing: alpha divided by the rank.")
    if close(given, weight + 6 * b @ a):
        return wrong("You scaled by alpha alone. Divide it by the rank, which is the number of rows of A.")
    if close(given, weight + 2 * b @ a) or close(given, weight + 1.5 * b @ a):
        return wrong("You divided alpha by a side of the weights. The rank is the side that A and B share.")
    if close(given, 3 * b @ a):
        return wrong("That is only the adapter's change. Add it to the frozen weights.")
    if shape != (4, 3):
        return wrong(f"The merged weights have the shape of the old ones, (4, 3); yours has {shape}.")
    return wrong("Add (alpha / rank) · B A to the weights, with B on the left: (4, 2) times (2, 3).")


@check
def labels_repaired(function: object) -> Verdict:
    """Exercise 4: `function(prompt_ids, answer_ids)` gives a label for each token, −100 where none is to be learned."""
    given = call(function, [11, 12, 13], [21, 22])
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, list | tuple) or not all(label is None or np.isscalar(label) for label in given):
        return wrong("Return a list with one label for each token.")
    given = list(given)
    if given == [-100, -100, -100, 21, 22]:
        if not close(call(function, [11], [21, 22, 23]), [-100, 21, 22, 23]):
            return wrong("Right for a prompt of three tokens only: mask as many as `prompt_ids` has.")
        return done("Only the answer is learned; the prompt is read, and costs no loss.")
    if given == [11, 12, 13, 21, 22]:
        return not_done("The prompt's tokens are still labels, so the model is trained to ask as well.")
    if given in ([0, 0, 0, 21, 22], [None, None, None, 21, 22]):
        return wrong("A 0 is the label of token 0. PyTorch's loss passes over −100 and nothing else.")
    if given == [11, 12, 13, -100, -100]:
        return wrong("The wrong part is masked: now the model learns the question and never the answer.")
    if given == [21, 22]:
        return wrong("There must be a label for every token, the prompt's as well: five here.")
    if given == [-100, -100, -100, -100, 22] or given in ([-100, -100, 13, 21, 22], [-100, -100, 21, 22, -100]):
        return wrong("Off by one: the labels are not shifted here, since the loss does that itself.")
    return wrong(f"For the prompt 11, 12, 13 and the answer 21, 22: −100, −100, −100, 21, 22. Yours: {given}.")


@check
def pass_to_keep(function: object) -> Verdict:
    """Exercise 5: `function(losses, patience)` gives the number, from 1, of the pass whose adapter is kept."""
    given = call(function, list(LOSSES), 2)
    if close(given, 6):
        return wrong("Pass 6 is the best of all, but training stops after pass 5: two passes without a better one.")
    if close(given, 5):
        return wrong("Pass 5 is where training stops. The adapter of the best pass before it is kept.")
    if close(given, 2):
        return wrong("Count passes from 1, or check how you compare: pass 3 has a lower loss than pass 2.")
    if not close(given, 3):
        return wrong(f"For {LOSSES} and a patience of 2, pass 3 is kept; yours gives {given}.")
    if not close(call(function, list(LOSSES), 3), 6):
        return wrong("With a patience of 3 the training goes on to pass 6, the best. Does yours use `patience`?")
    if not close(call(function, [1.0, 0.8, 0.7], 2), 3):
        return wrong("While every pass is better than the one before, the last one is kept.")
    if not close(call(function, [1.0, 0.8, 0.8, 0.8, 0.1], 2), 2):
        return wrong("An equal loss is no improvement: with 1.0, 0.8, 0.8, 0.8 training stops, and pass 2 is kept.")
    return done("That is early stopping; `train_adapter` does it when it is given development examples.")
