"""Retrieval-augmented generation: search, build the prompt, generate, cite."""

from dataclasses import dataclass
from typing import NamedTuple

from utils.corpus import Passage
from utils.metrics import normalize
from utils.models import Generator, Message
from utils.retrieval import Hit, Retriever

CLOSED_BOOK_SYSTEM = "You work at Vesper Station. Answer in a few words."
NOT_FOUND = "The handbook does not say."


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

CITED_SHARE = 0.5  # the share of an answer's tokens that a passage must contain to be cited


@dataclass(frozen=True)
class Answer:
    """What a system replied, what it had found, which hits support the reply, and whether it declined to answer."""

    text: str
    hits: list[Hit]
    citations: list[Hit]
    abstained: bool


def closed_book_messages(question: str) -> list[Message]:
    """Return the conversation that asks a question without any passages."""
    return [{"role": "system", "content": CLOSED_BOOK_SYSTEM}, {"role": "user", "content": question}]


def open_book_messages(question: str, passages: list[Passage], prompt: str = READER_PROMPT) -> list[Message]:
    """Return the conversation that shows numbered passages and asks the question; `prompt` is a key of PROMPTS."""
    system, template, examples = PROMPTS[prompt]
    messages: list[Message] = [{"role": "system", "content": system}]
    for example in examples:
        asked = template.format(passages=number_texts([example.passage]), question=example.question)
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": example.reply}]
    shown = number_texts([passage.titled_text for passage in passages])
    messages.append({"role": "user", "content": template.format(passages=shown, question=question)})
    return messages


def number_texts(texts: list[str]) -> str:
    """Return texts under each other, with their numbers in brackets before them."""
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, start=1))


def supporting_hits(text: str, hits: list[Hit]) -> list[Hit]:
    """Return the hits whose passages contain most of an answer's tokens: the best one and its equals.

    A passage that contains less than half of the tokens supports nothing, so the list may be empty.
    """
    tokens = set(normalize(text).split())
    if not tokens:
        return []
    shares = [len(tokens & set(normalize(hit.passage.titled_text).split())) / len(tokens) for hit in hits]
    best = max(shares, default=0.0)
    return [hit for hit, share in zip(hits, shares, strict=True) if share == best >= CITED_SHARE]


class ClosedBook:
    """Answers questions from the model's weights alone: the counterpart of `RagPipeline` without any retrieval."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def answer(self, questions: list[str]) -> list[Answer]:
        """Answer questions; there are never hits or citations."""
        texts = self.generator.generate([closed_book_messages(question) for question in questions])
        return [Answer(text, [], [], normalize(text) == normalize(NOT_FOUND)) for text in texts]


class RagPipeline:
    """Answers questions from the passages that a retriever finds for them."""

    def __init__(self, retriever: Retriever, generator: Generator, *, k: int = 1, prompt: str = READER_PROMPT) -> None:
        self.retriever = retriever
        self.generator = generator
        self.k = k
        self.prompt = prompt

    def answer(self, questions: list[str]) -> list[Answer]:
        """Answer questions, each from its own k passages; where nothing was found, decline without asking the model.

        Raises ValueError for an empty question and for one that does not fit into the context with its passages.
        """
        found = self.retriever.search(questions, self.k)
        prompts = [self.build_prompt(question, hits) for question, hits in zip(questions, found, strict=True) if hits]
        texts = iter(self.generator.generate(prompts))
        return [self.cite(next(texts) if hits else NOT_FOUND, hits) for hits in found]

    def build_prompt(self, question: str, hits: list[Hit]) -> list[Message]:
        """Return the conversation for one question and its hits."""
        return open_book_messages(question, [hit.passage for hit in hits], self.prompt)

    def cite(self, text: str, hits: list[Hit]) -> Answer:
        """Return the answer with the hits that support it; an answer that declines cites nothing."""
        abstained = normalize(text) == normalize(NOT_FOUND)
        return Answer(text, hits, [] if abstained else supporting_hits(text, hits), abstained)
