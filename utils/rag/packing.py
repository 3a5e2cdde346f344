"""Packing: which of the found passages the model is shown, so that they fit into its context beside the question."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from utils.corpus import pack, split_sentences
from utils.retrieval import Hit

PASSAGE_ROOM = 128  # tokens that a question must leave to the passages


class Packed(NamedTuple):
    """The hits that the model is shown, and a sentence on what it is not shown; "" if that is nothing."""

    hits: list[Hit]
    note: str = ""


def check_question_length(question: str, tokens: int, most: int) -> None:
    """Raise ValueError for a question with more than `most` tokens: it is never cut."""
    if tokens > most:
        raise ValueError(
            f"The question that begins {question[:40]!r} has {tokens} tokens; beside a passage and the answer there is "
            f"room for {max(most, 0)}. Ask a shorter one."
        )


def pack_passages(hits: list[Hit], fits: Callable[[list[Hit]], bool]) -> Packed:
    """Return as many whole passages as fit together, the best first; one that does not fit beside them is left out.

    If the best passage alone is too long, it is shown by itself, cut after the last sentence that fits (or within the
    first sentence, should that be too long already). `fits` tells whether the prompt with these hits leaves room for
    the answer.
    """
    if hits and not fits(hits[:1]):
        cut = cut_hit(hits[0], fits)
        if fits([cut]):  # else its title is too long
            note = f"The passage {cut.passage.id} is too long for the context: only its beginning was shown."
            return Packed([cut], f"{note} {left_out_note(len(hits) - 1)}".strip())
    shown: list[Hit] = []
    for hit in hits:
        if fits([*shown, hit]):
            shown.append(hit)
    return Packed(shown, left_out_note(len(hits) - len(shown)))


def cut_hit(hit: Hit, fits: Callable[[list[Hit]], bool]) -> Hit:
    """Return a hit with the beginning of its passage, in whole sentences as far as they fit."""

    def with_text(text: str) -> Hit:
        return replace(hit, passage=replace(hit.passage, text=text))

    beginnings = pack(split_sentences(hit.passage.text), lambda text: fits([with_text(text)]), 0)
    return with_text(next(beginnings, ""))


def left_out_note(number: int) -> str:
    """Return a sentence that says how many passages were left out; "" for none."""
    return f"Left out for lack of room: {number} passage{'s' if number > 1 else ''}." if number else ""
