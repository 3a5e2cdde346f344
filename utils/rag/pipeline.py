"""The systems that answer questions: from retrieved passages, or from the model's weights alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from utils.metrics import normalize
from utils.models import Generator, Message
from utils.rag.abstention import score_times_support
from utils.rag.citations import supporting_hits
from utils.rag.packing import PASSAGE_ROOM, Packed, check_question_length, pack_passages
from utils.rag.prompts import NOT_FOUND, READER_PROMPT, clean_questions, closed_book_messages, open_book_messages
from utils.retrieval import Hit, Retriever

ANSWER_TOKENS = 40

Confidence = Callable[[str, list[Hit]], float]  # how sure a reply is, given the hits that the model was shown
Citer = Callable[[str, list[Hit]], list[Hit]]  # which of these hits a reply rests on


@dataclass(frozen=True)
class Answer:
    """What a system replied, the hits that it was shown, which of them support the reply, and whether it declined.

    `confidence` is on the scale of the pipeline's confidence function, 0.0 where the model itself declined or was not
    asked. `prompt` is the conversation that the model was given, empty where it was not asked. `note` says which
    passages were cut or left out, "" for none.
    """

    text: str
    hits: list[Hit]
    citations: list[Hit]
    abstained: bool
    confidence: float = 0.0
    prompt: list[Message] = field(default_factory=list)
    note: str = ""


class AnswerSystem(Protocol):
    """Anything that answers questions: a pipeline with or without retrieval."""

    def answer(self, questions: list[str]) -> list[Answer]:
        """Return one answer for each question."""
        ...


class ClosedBook:
    """Answers questions from the model's weights alone: the counterpart of `RagPipeline` without any retrieval."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def answer(self, questions: list[str]) -> list[Answer]:
        """Answer questions; there are never hits or citations. Raises ValueError as `RagPipeline.answer` does."""
        prompts = [closed_book_messages(question) for question in clean_questions(questions)]
        texts = self.generator.generate(prompts)
        return [
            Answer(text, [], [], is_refusal(text), prompt=prompt) for text, prompt in zip(texts, prompts, strict=True)
        ]


class RagPipeline:
    """Answers questions from the passages that a retriever finds for them.

    Each stage is a method: search, pack, build_prompt, generate, conclude. `prompt` is a key of PROMPTS. `cite` chooses
    the hits that support a reply, `confidence` says how sure a reply is, and with a `threshold` (from
    `calibrate_threshold`) less sure ones are replaced by NOT_FOUND; None keeps them all.
    """

    def __init__(
        self,
        retriever: Retriever,
        generator: Generator,
        *,
        k: int = 1,
        prompt: str = READER_PROMPT,
        cite: Citer = supporting_hits,
        confidence: Confidence = score_times_support,
        threshold: float | None = None,
        max_new_tokens: int = ANSWER_TOKENS,
    ) -> None:
        self.retriever = retriever
        self.generator = generator
        self.k = k
        self.prompt = prompt
        self.cite = cite
        self.confidence = confidence
        self.threshold = threshold
        self.max_new_tokens = max_new_tokens

    def answer(self, questions: list[str]) -> list[Answer]:
        """Answer questions in any language, each from its own passages: at most k, as many as fit into the context.

        Where nothing was found, it declines without asking the model. Control characters in questions and passages are
        read as spaces, chat-template tokens as plain text: they never become a role. Raises ValueError for an empty
        question and for one that leaves too little room for a passage and the answer; a question is never cut.
        """
        questions = clean_questions(questions)
        return self.answer_from(questions, self.search(questions))

    def answer_from(self, questions: list[str], found: list[list[Hit]]) -> list[Answer]:
        """Answer questions as `answer` does, from hits that were found for each of them before, best first."""
        questions = clean_questions(questions)
        packed = [self.pack(question, hits) for question, hits in zip(questions, found, strict=True)]
        prompts = [
            self.build_prompt(question, of.hits) if of.hits else []
            for question, of in zip(questions, packed, strict=True)
        ]
        replies = self.generate(prompts)
        return [self.conclude(*parts) for parts in zip(packed, prompts, replies, strict=True)]

    def search(self, questions: list[str]) -> list[list[Hit]]:
        """Return the k best hits for each question."""
        return self.retriever.search(questions, self.k)

    def pack(self, question: str, hits: list[Hit]) -> Packed:
        """Return the hits that fit into the context beside the question and the answer.

        Raises ValueError for a question that is too long for that.
        """

        def prompt_tokens(text: str, shown: list[Hit]) -> int:
            return self.generator.count_prompt_tokens(self.build_prompt(text, shown))

        room = self.generator.context_tokens - self.max_new_tokens
        without_question = prompt_tokens("", [])
        question_tokens = prompt_tokens(question, []) - without_question
        check_question_length(question, question_tokens, room - without_question - PASSAGE_ROOM)
        return pack_passages(hits, lambda shown: prompt_tokens(question, shown) <= room)

    def build_prompt(self, question: str, hits: list[Hit]) -> list[Message]:
        """Return the conversation for one question and its hits."""
        return open_book_messages(question, [hit.passage for hit in hits], self.prompt)

    def generate(self, prompts: list[list[Message]]) -> list[str]:
        """Return the model's reply to each prompt, and NOT_FOUND for an empty one."""
        asked = [prompt for prompt in prompts if prompt]
        replies = iter(self.generator.generate(asked, max_new_tokens=self.max_new_tokens))
        return [next(replies) if prompt else NOT_FOUND for prompt in prompts]

    def conclude(self, packed: Packed, prompt: list[Message], reply: str) -> Answer:
        """Return the answer with its citations, or declined; an answer that declines cites nothing."""
        confidence = 0.0 if is_refusal(reply) else self.confidence(reply, packed.hits)
        unsure = self.threshold is not None and confidence < self.threshold
        text = NOT_FOUND if unsure else reply
        abstained = is_refusal(text)
        citations = [] if abstained else self.cite(text, packed.hits)
        return Answer(text, packed.hits, citations, abstained, confidence, prompt, packed.note)


def is_refusal(text: str) -> bool:
    """Tell whether a reply says that the handbook has no answer."""
    return normalize(text) == normalize(NOT_FOUND)
