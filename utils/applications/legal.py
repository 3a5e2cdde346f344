"""Legal research: finds the clause that answers a question, cites it word for word, and summarises a legal text."""

from dataclasses import dataclass, replace

from utils.applications.quotes import Quote, in_section, quotable_sentences, search_quotes
from utils.models import Generator, Message
from utils.rag import NOT_FOUND, open_book_messages
from utils.rag.prompts import clean_questions, replace_control_characters
from utils.retrieval import Reranker, Retriever

SECTION = "law"
in_law = in_section(SECTION)
PASSAGES = 2
ANSWER_TOKENS = 24
SUMMARY_TOKENS = 48
SHORTEST_OPENING = 8  # words: a salutation or a heading has fewer

SUMMARY_SYSTEM = "You summarise a legal text in one sentence."
SUMMARY_TEMPLATE = "{title}\n\n{text}\n\nSummarise the text above in one sentence."


@dataclass(frozen=True)
class LegalAnswer:
    """The model's answer and the clause that it was shown; without a clause, nothing was found."""

    text: str
    clause: Quote | None


class ClauseFinder:
    """Finds the clause for a question in the law section and lets the model answer from this one sentence.

    `prompt` is a key of `utils.rag.PROMPTS`.
    """

    def __init__(self, retriever: Retriever, generator: Generator, reranker: Reranker, *, prompt: str) -> None:
        self.retriever = retriever
        self.generator = generator
        self.reranker = reranker
        self.prompt = prompt

    def answer(self, questions: list[str]) -> list[LegalAnswer]:
        """Return one answer for each question; where nothing was found, it says so without asking the model.

        Raises ValueError for an empty question and for one that is too long for the model's context.
        """
        questions = clean_questions(questions)
        clauses = self.find(questions)
        prompts = [
            open_book_messages(question, [replace(clause.passage, text=clause.text)], self.prompt)
            for question, clause in zip(questions, clauses, strict=True)
            if clause
        ]
        replies = iter(self.generator.generate(prompts, max_new_tokens=ANSWER_TOKENS))
        return [LegalAnswer(next(replies) if clause else NOT_FOUND, clause) for clause in clauses]

    def find(self, questions: list[str]) -> list[Quote | None]:
        """Return for each question the best sentence of the law section, None where nothing was found."""
        quotes = search_quotes(questions, self.retriever, self.reranker, k=PASSAGES, where=in_law, most=1)
        return [of_question[0] if of_question else None for of_question in quotes]


def is_evidence(quoted: str, evidence: str) -> bool:
    """Tell whether a quoted sentence is the evidence: one contains the other, and more than half of it is quoted."""
    shorter, longer = sorted([quoted, evidence], key=len)
    return bool(shorter) and shorter in longer and (longer == quoted or 2 * len(quoted) > len(evidence))


def summary_messages(title: str, text: str) -> list[Message]:
    """Return the conversation that asks for a summary of a text in one sentence."""
    asked = SUMMARY_TEMPLATE.format(title=title, text=text)
    return [
        {"role": "system", "content": SUMMARY_SYSTEM},
        {"role": "user", "content": replace_control_characters(asked)},
    ]


def opening_sentence(text: str) -> str:
    """Return the first sentence of a text that is no mere salutation or heading: a summary without any model.

    Raises ValueError for a text without any sentence.
    """
    sentences = quotable_sentences(text)
    if not sentences:
        raise ValueError("The text has no sentence: give a text that can be summarised.")
    return next((sentence for sentence in sentences if len(sentence.split()) >= SHORTEST_OPENING), sentences[0])
