"""What the language model is told: the prompts, and the conversations made from them."""

import re
from typing import NamedTuple

from utils.corpus import Passage
from utils.models import Message

CLOSED_BOOK_SYSTEM = "You work at Vesper Station. Answer in a few words."
NOT_FOUND = "The handbook does not say."

# Control characters but tab and line breaks, and halves of surrogate pairs, which no tokenizer can encode.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class WorkedExample(NamedTuple):
    """A passage, a question about it and the reply that we would like to get."""

    passage: str
    question: str
    reply: str


class Prompt(NamedTuple):
    """How passages and a question are put to the model: a system message, a template with both in it, and examples."""

    system: str
    template: str
    examples: tuple[WorkedExample, ...] = ()


# About a lighthouse that is not part of the handbook, so they give nothing away.
LIGHTHOUSE = (
    WorkedExample(
        "Lamp room: daily round\nThe lens is wiped with a linen cloth, never with paper. The spare bulbs lie in the "
        "oak chest under the stairs; take the one with the red dot first.",
        "A bulb has burnt out. Where do I find another one?",
        "in the oak chest under the stairs",
    ),
    WorkedExample(
        "Fog signal\nIn thick fog the horn sounds for 4 seconds in every 90. Mrs Petrie keeps the compressor's key; "
        "when she is ashore, ask at the post office.",
        "How often does the horn go when you can't see the rocks?",
        "every 90 seconds",
    ),
)

PROMPTS = {
    "few words": Prompt(
        "Answer the question in a few words, from the passages.",
        "{passages}\n\nQuestion: {question}",
    ),
    "text above": Prompt(
        "You are a helpful assistant.",
        "{passages}\n\nUsing the text above, answer this question: {question}",
    ),
    "copy the sentence": Prompt(
        "You find answers in a text.",
        "Text:\n{passages}\n\nQuestion: {question}\nCopy the sentence from the text that answers the question.",
    ),
    "two examples": Prompt(
        "Answer the question in a few words, from the passages.",
        "{passages}\n\nQuestion: {question}",
        LIGHTHOUSE,
    ),
}
READER_PROMPT = "few words"  # the one that the reader adapter is trained with


def replace_control_characters(text: str) -> str:
    """Return a text with a space for each control character; tab and line breaks stay."""
    return CONTROL.sub(" ", text)


def clean_questions(questions: list[str]) -> list[str]:
    """Return questions without control characters. Raises ValueError for one in which nothing else is left."""
    cleaned = [replace_control_characters(question) for question in questions]
    for number, question in enumerate(cleaned):
        if not question.strip():
            raise ValueError(f"Question {number} is empty: write a question.")
    return cleaned


def closed_book_messages(question: str) -> list[Message]:
    """Return the conversation that asks a question without any passages."""
    asked = replace_control_characters(question)
    return [{"role": "system", "content": CLOSED_BOOK_SYSTEM}, {"role": "user", "content": asked}]


def open_book_messages(question: str, passages: list[Passage], prompt: str = READER_PROMPT) -> list[Message]:
    """Return the conversation that shows numbered passages and asks the question; `prompt` is a key of PROMPTS.

    Control characters are replaced by spaces. Chat-template tokens such as `<|im_start|>` stay as they are here; they
    are made harmless where every conversation becomes a prompt, in `models.render`.
    """
    system, template, examples = PROMPTS[prompt]
    messages: list[Message] = [{"role": "system", "content": system}]
    for example in examples:
        asked = template.format(passages=number_texts([example.passage]), question=example.question)
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": example.reply}]
    shown = number_texts([passage.titled_text for passage in passages])
    asked = template.format(passages=shown, question=question)
    messages.append({"role": "user", "content": replace_control_characters(asked)})
    return messages


def number_texts(texts: list[str]) -> str:
    """Return texts under each other, with their numbers in brackets before them."""
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, start=1))
