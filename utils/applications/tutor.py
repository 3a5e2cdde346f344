"""A tutor: explains from the training documents, quotes them word for word, and asks a question back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from utils.applications.quotes import Quote, in_section, search_quotes
from utils.data.task_records import TutorQuestion
from utils.metrics import contains_answer
from utils.models import Generator, Message
from utils.rag import NOT_FOUND
from utils.rag.prompts import clean_questions, replace_control_characters
from utils.retrieval import Reranker, Retriever

SECTION = "training"
in_training = in_section(SECTION)
PASSAGES = 3
QUOTES = 4
EXPLANATION_TOKENS = 24
CHECK_TOKENS = 24
FILL_IN = "Fill in the blank: "
BLANK = "____"

PLAIN_SYSTEM = "You teach at a polar station. Explain in a few sentences."
TUTOR_SYSTEM = "You are a tutor. You repeat what the handbook says."
TUTOR_TEMPLATE = "Question: {question}\n\nHandbook:\n{texts}\n\nWrite down what the handbook says about the question."
ASK_SYSTEM = "You turn a sentence with a blank into a question that asks for the blank."
ASK_EXAMPLES = (  # about a lighthouse that is not part of the handbook
    ("The spare bulbs lie ____ under the stairs.", "Where do the spare bulbs lie?"),
    ("In thick fog the horn sounds for ____ in every 90.", "For how many seconds does the horn sound?"),
)

NUMBER = re.compile(r"(?<![\w.-])(?:[A-Z]{1,4}-\d+|\d+(?:[.,:]\d+)*)(?![\w-])")
WORD = re.compile(r"(?<!\w)[^\W\d_]{4,}(?!\w)")


@dataclass(frozen=True)
class CheckQuestion:
    """A question that checks the learner, its answer, and the sentence in which the answer stands."""

    question: str
    answer: str
    quote: str

    @property
    def is_valid(self) -> bool:
        """Whether it asks for something, its answer stands in the quote, and the question does not give it away."""
        asks = self.question.endswith("?") or BLANK in self.question
        answered = contains_answer(self.quote, [self.answer])
        return asks and answered and not contains_answer(self.question, [self.answer])


@dataclass(frozen=True)
class Lesson:
    """The tutor's reply: the model's explanation, the quotes, best first, and a question back if one can be made."""

    explanation: str
    quotes: list[Quote]
    check: CheckQuestion | None

    @property
    def quoted(self) -> str:
        """The quoted sentences alone."""
        return " ".join(quote.text for quote in self.quotes)

    @property
    def text(self) -> str:
        """The explanation and the quoted sentences."""
        return f"{self.explanation} {self.quoted}".strip()


class Tutor:
    """Finds passages of the training section, quotes their best sentences, and lets the model explain these."""

    def __init__(self, retriever: Retriever, generator: Generator, reranker: Reranker) -> None:
        self.retriever = retriever
        self.generator = generator
        self.reranker = reranker

    def teach(self, questions: list[str]) -> list[Lesson]:
        """Return one lesson for each question; where nothing was found, it says so without asking the model.

        Raises ValueError for an empty question and for one that leaves too little room for the quotes.
        """
        questions = clean_questions(questions)
        quotes = search_quotes(questions, self.retriever, self.reranker, k=PASSAGES, where=in_training, most=QUOTES)
        prompts = [
            tutor_messages(question, [quote.text for quote in of_question])
            for question, of_question in zip(questions, quotes, strict=True)
            if of_question
        ]
        explanations = iter(self.generator.generate(prompts, max_new_tokens=EXPLANATION_TOKENS))
        return [
            Lesson(next(explanations), of_question, cloze([quote.text for quote in of_question]))
            if of_question
            else Lesson(NOT_FOUND, [], None)
            for of_question in quotes
        ]


def plain_messages(question: str) -> list[Message]:
    """Return the conversation that asks the model to explain without any text."""
    asked = replace_control_characters(question)
    return [{"role": "system", "content": PLAIN_SYSTEM}, {"role": "user", "content": asked}]


def tutor_messages(question: str, texts: list[str]) -> list[Message]:
    """Return the conversation that shows texts of the handbook and asks for what they say about the question."""
    asked = TUTOR_TEMPLATE.format(question=question, texts="\n".join(texts))
    return [
        {"role": "system", "content": TUTOR_SYSTEM},
        {"role": "user", "content": replace_control_characters(asked)},
    ]


def covered_share(text: str, item: TutorQuestion) -> float:
    """Return the share of an item's key points that a text says, 0 … 1: one of the accepted forms stands in it."""
    return sum(contains_answer(text, point.accepted) for point in item.key_points) / len(item.key_points)


def blanks(pattern: re.Pattern[str], texts: list[str]) -> Iterator[CheckQuestion]:
    """Yield a question for each match of a pattern: its sentence with a blank there."""
    for text in texts:
        for found in pattern.finditer(text):
            blanked = f"{text[: found.start()]}{BLANK}{text[found.end() :]}"
            yield CheckQuestion(f"{FILL_IN}{blanked}", found[0], text)


def cloze(texts: list[str]) -> CheckQuestion | None:
    """Return a valid gap question on one of the sentences, or None if there is none (Taylor 1953, cloze procedure).

    The blank is the first number or code that stands nowhere else in its sentence, else the longest such word.
    """
    by_length = sorted(blanks(WORD, texts), key=lambda check: len(check.answer), reverse=True)
    return next((check for check in (*blanks(NUMBER, texts), *by_length) if check.is_valid), None)


def written_checks(gaps: list[CheckQuestion], generator: Generator) -> list[CheckQuestion]:
    """Return for each gap question the one that the model makes of it, with the same answer: valid or not."""
    shots: list[Message] = [{"role": "system", "content": ASK_SYSTEM}]
    for blanked, question in ASK_EXAMPLES:
        shots += [{"role": "user", "content": blanked}, {"role": "assistant", "content": question}]
    asked = [replace_control_characters(gap.question.removeprefix(FILL_IN)) for gap in gaps]
    prompts = [[*shots, Message(role="user", content=blanked)] for blanked in asked]
    questions = generator.generate(prompts, max_new_tokens=CHECK_TOKENS)
    return [replace(gap, question=question) for gap, question in zip(gaps, questions, strict=True)]
