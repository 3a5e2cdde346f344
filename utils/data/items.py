"""Questions as they are put to a system, and what a mere guesser would answer."""

from collections import Counter
from dataclasses import dataclass

from utils.data.records import Fact, GeneralQuestion, Split


@dataclass(frozen=True)
class Item:
    """One question as it is put to a system, with what is needed to score the reply."""

    item_id: str
    question: str
    answers: list[str]
    answer_type: str
    fact_id: str
    doc_id: str
    evidence: str


def items_for(facts: list[Fact], role: Split, *, per_fact: int | None = None) -> list[Item]:
    """Return the questions of facts in one role, at most `per_fact` of each fact."""
    items = []
    for fact in facts:
        wordings = [wording.text for wording in fact.questions if wording.role == role]
        for number, text in enumerate(wordings[:per_fact], start=1):
            items.append(
                Item(
                    item_id=f"{fact.fact_id}/{role}{number}",
                    question=text,
                    answers=fact.answers,
                    answer_type=fact.answer_type,
                    fact_id=fact.fact_id,
                    doc_id=fact.doc_id,
                    evidence=fact.evidence,
                )
            )
    return items


def general_items(questions: list[GeneralQuestion], split: Split) -> list[Item]:
    """Return the general-knowledge questions of a split; each counts as a document of its own."""
    return [
        Item(
            item_id=question.question_id,
            question=question.question,
            answers=question.answers,
            answer_type="phrase",
            fact_id=question.question_id,
            doc_id=question.question_id,
            evidence="",
        )
        for question in questions
        if question.split == split
    ]


def majority_answers(facts: list[Fact]) -> dict[str, str]:
    """Return the most frequent answer of each answer type: what a guesser who has seen the ledger would say."""
    counts: dict[str, Counter[str]] = {}
    for fact in facts:
        counts.setdefault(fact.answer_type, Counter())[fact.answer] += 1
    return {answer_type: answers.most_common(1)[0][0] for answer_type, answers in counts.items()}
