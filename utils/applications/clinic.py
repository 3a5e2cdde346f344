"""A clinic look-up: each answer comes with the guideline's sentence that it rests on; without one, no answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.applications.quotes import Quote, in_section, search_quotes
from utils.corpus import Document
from utils.data.task_records import ClinicQuestion
from utils.metrics import contains_answer
from utils.models import Generator
from utils.rag import NOT_FOUND, open_book_messages
from utils.rag.prompts import clean_questions
from utils.retrieval import Reranker, Retriever

SECTION = "clinic"
in_clinic = in_section(SECTION)
PASSAGES = 2
ANSWER_TOKENS = 24
NOTICE = "Fictional guidelines of an invented station. This is no medical advice."
OUTCOMES = ("right, with its source", "rightly declined", "wrongly declined", "wrong")


@dataclass(frozen=True)
class ClinicAnswer:
    """The model's answer and the sentence of the guideline that it is shown with; `quote` is None where it declines."""

    text: str
    quote: Quote | None
    confidence: float

    @property
    def shown(self) -> str:
        """What the user reads: the answer, the quoted sentence with its source, and the notice."""
        if self.quote is None:
            return f"{self.text}\nAsk the doctor on duty. ({NOTICE})"
        return f"{self.text}\n{self.quote.cited}\n({NOTICE})"


class ClinicLookUp:
    """Answers from the clinic section; an answer whose confidence is below the threshold is declined.

    The confidence is the score of the best sentence. `prompt` is a key of `utils.rag.PROMPTS`.
    """

    def __init__(
        self,
        retriever: Retriever,
        generator: Generator,
        reranker: Reranker,
        *,
        prompt: str,
        threshold: float | None = None,
    ) -> None:
        self.retriever = retriever
        self.generator = generator
        self.reranker = reranker
        self.prompt = prompt
        self.threshold = threshold

    def answer(self, questions: list[str]) -> list[ClinicAnswer]:
        """Return one answer for each question; the model is asked only where the look-up does not decline.

        Raises ValueError for an empty question and for one that is too long for the model's context.
        """
        questions = clean_questions(questions)
        quotes = self.find(questions)
        kept = [quote if quote and self.is_sure(quote.score) else None for quote in quotes]
        prompts = [
            open_book_messages(question, [quote.passage], self.prompt)
            for question, quote in zip(questions, kept, strict=True)
            if quote
        ]
        replies = iter(self.generator.generate(prompts, max_new_tokens=ANSWER_TOKENS))
        return [
            ClinicAnswer(next(replies) if quote else NOT_FOUND, quote, best.score if best else 0.0)
            for quote, best in zip(kept, quotes, strict=True)
        ]

    def find(self, questions: list[str]) -> list[Quote | None]:
        """Return for each question the best sentence of the clinic section, None where nothing was found."""
        quotes = search_quotes(questions, self.retriever, self.reranker, k=PASSAGES, where=in_clinic, most=1)
        return [of_question[0] if of_question else None for of_question in quotes]

    def is_sure(self, confidence: float) -> bool:
        """Tell whether a confidence is enough to answer."""
        return self.threshold is None or confidence >= self.threshold


def check_fictional(documents: Sequence[Document]) -> None:
    """Raise ValueError if a clinic document does not say that it is fictional: the notice would be untrue."""
    real = [document.id for document in documents if document.section == SECTION and not document.fictional]
    if real:
        raise ValueError(f"{real[0]} is not marked as fictional: this look-up is for invented guidelines only.")


def outcome(question: ClinicQuestion, text: str, quoted: str | None) -> str:
    """Return which of OUTCOMES a reply is; `quoted` is the sentence that it is shown with, None without a source.

    An answer is right if it or its quote contains the expected one, and if it has a source at all.
    """
    if text == NOT_FOUND:
        return "wrongly declined" if question.answerable else "rightly declined"
    right = quoted is not None and question.answerable and contains_answer(f"{text} {quoted}", question.answers)
    return "right, with its source" if right else "wrong"
