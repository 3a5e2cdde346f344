"""What a check says: done, not done yet, or which mistake the answer looks like."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

import numpy as np

NOT_DONE_YET = "Replace the three dots by your answer and run the cell again."


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; a cell that ends with one shows it as text."""

    kind: Literal["done", "not done", "wrong"]
    message: str

    def __repr__(self) -> str:
        heading = {"done": "✓ Done.", "not done": "… Not done yet.", "wrong": "✗ Not quite."}[self.kind]
        return f"{heading} {self.message}"


class NotDone(Exception):
    """The learner's function gives None: its body is still three dots."""


class CallFailed(Exception):
    """The learner's function raised an error; the text says which."""


def done(message: str) -> Verdict:
    """Return the verdict on a right answer; `message` says what it shows."""
    return Verdict("done", message)


def not_done(message: str = NOT_DONE_YET) -> Verdict:
    """Return the verdict on an exercise that is still as it was: three dots, or a fault that is still there."""
    return Verdict("not done", message)


def wrong(message: str) -> Verdict:
    """Return the verdict on a wrong answer; `message` says which mistake it looks like and what to look at."""
    return Verdict("wrong", message)


def check(rule: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """Make a rule safe in an unfinished notebook: three dots mean "not done", an error of the learner's is a hint."""

    @wraps(rule)
    def checked(*answers: Any) -> Verdict:
        if unfilled(*answers):
            return not_done()
        try:
            return rule(*answers)
        except NotDone:
            return not_done()
        except CallFailed as error:
            return wrong(str(error))

    return checked


def unfilled(*answers: Any) -> bool:
    """Tell whether any answer is still the three dots of the exercise, also inside a list, tuple, set or dict."""
    for answer in answers:
        parts = answer.values() if isinstance(answer, dict) else answer
        if answer is ... or (isinstance(answer, dict | list | tuple | set) and unfilled(*parts)):
            return True
    return False


def call(function: Any, *arguments: Any) -> Any:
    """Return what the learner's function gives.

    Raises NotDone when that is None, as from a body of three dots, and CallFailed when the function raises or is none.
    """
    if not callable(function):
        raise CallFailed(f"Hand over the function itself, without parentheses; this is a {type(function).__name__}.")
    try:
        given = function(*arguments)
    except Exception as error:  # whatever a learner's code raises becomes a hint
        raise CallFailed(f"Your function raised {type(error).__name__}: {error}") from error
    if given is None or given is ...:
        raise NotDone
    return given


def close(given: Any, wanted: Any, tolerance: float = 1e-3) -> bool:
    """Tell whether two numbers or arrays of one shape agree within an absolute tolerance; False for anything else."""
    try:
        given, wanted = np.asarray(given, dtype=float), np.asarray(wanted, dtype=float)
    except (TypeError, ValueError):
        return False
    return given.shape == wanted.shape and bool(np.allclose(given, wanted, atol=tolerance, rtol=0))
