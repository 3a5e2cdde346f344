"""A chatbot: a follow-up question ("and how heavy is it?") is searched for together with what was said before.

Conversational search usually lets a model rewrite the question (Anantha et al. 2021). The course's small model cannot:
its rewritings found less than the plain words of the conversation do, on the development conversations.
"""

from collections.abc import Sequence

from utils.models import Message
from utils.rag import Answer, RagPipeline
from utils.rag.prompts import clean_questions

ROLES = ("user", "assistant")


def search_text(history: Sequence[Message], question: str) -> str:
    """Return what to search for: the question, then the turns before it, the latest first.

    An embedder reads the beginning of a long text only, so the oldest turns are the first to be overlooked, and the
    question never is. Raises ValueError for an empty question and for a role other than "user" or "assistant".
    """
    clean_questions([question])
    for turn in history:
        if turn["role"] not in ROLES:
            raise ValueError(f"Unknown role {turn['role']!r} in the history: use {' or '.join(ROLES)}.")
    return " ".join([question, *(turn["content"] for turn in reversed(history))])


def answer_follow_ups(
    pipeline: RagPipeline, histories: Sequence[Sequence[Message]], questions: Sequence[str]
) -> list[Answer]:
    """Return an answer to each question: searched for with its history, put to the model as it stands.

    Raises ValueError as `search_text` and `RagPipeline.answer` do.
    """
    texts = [search_text(history, question) for history, question in zip(histories, questions, strict=True)]
    return pipeline.answer_from(list(questions), pipeline.search(texts))


class Chat:
    """A conversation with a pipeline; `history` holds its turns so far."""

    def __init__(self, pipeline: RagPipeline) -> None:
        self.pipeline = pipeline
        self.history: list[Message] = []

    def ask(self, question: str) -> Answer:
        """Return the answer to the next question, and remember both; after an error nothing is remembered."""
        answer = answer_follow_ups(self.pipeline, [self.history], [question])[0]
        self.history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
        return answer
