"""What the two adapters of the head-to-head are trained on."""

import random

from utils.corpus import Passage
from utils.data import Fact
from utils.finetuning import Example
from utils.rag import NOT_FOUND, closed_book_messages, open_book_messages
from utils.retrieval import Retriever

SHARE_WITHOUT_GOLD = 0.2
TEXT_QUESTION = "What does the handbook say about “{title}”?"


def train_wordings(fact: Fact) -> list[str]:
    """Return the wordings of a fact that may be used for training."""
    return [wording.text for wording in fact.questions if wording.role == "train"]


def questions_passes(facts: list[Fact], *, passes: int, wordings: int | None = None) -> list[list[Example]]:
    """Return passes of closed-book examples that teach every trained fact once in each, in its wordings by turns.

    Facts with many wordings are shown as often as facts with few, so that only variety differs between them; `wordings`
    is how many of each fact's wordings take part, None all of them.
    """
    taught = [(fact, train_wordings(fact)[:wordings]) for fact in facts if fact.trained]
    return [
        [Example(closed_book_messages(wordings[number % len(wordings)]), fact.answer) for fact, wordings in taught]
        for number in range(passes)
    ]


def text_passes(facts: list[Fact], passages: list[Passage], *, passes: int) -> list[list[Example]]:
    """Return passes of closed-book examples that teach the handbook's own text instead of answers.

    For each trained fact the answer is the passage that holds its evidence, whole; a fact whose evidence is cut in two
    by a passage boundary is left out.
    """
    examples = [
        Example(closed_book_messages(TEXT_QUESTION.format(title=passage.title)), passage.text)
        for fact in facts
        if fact.trained
        for passage in passages
        if passage.doc_id == fact.doc_id and fact.evidence in passage.text
    ]
    return [examples] * passes


def reader_examples(
    facts: list[Fact], passages: list[Passage], retriever: Retriever, *, k: int, wordings: int, seed: int = 0
) -> list[Example]:
    """Return open-book examples in the style of RAFT (Zhang et al. 2024), from train documents only.

    Each question comes with k passages: what the retriever finds, the passage with the evidence among them at a random
    place. In a fifth of the examples that passage is left out, and the right answer is to decline. Raises ValueError
    when a passage of another than a train document is offered.
    """
    train_facts = [fact for fact in facts if fact.doc_split == "train"]
    allowed = {fact.doc_id for fact in train_facts}
    strangers = sorted({passage.doc_id for passage in passages} - allowed)
    if strangers:
        raise ValueError(f"The reader must not see {strangers[0]!r}: it is not a train document.")
    dice = random.Random(seed)
    asked = [(fact, question) for fact in train_facts for question in train_wordings(fact)[:wordings]]
    found = retriever.search([question for _, question in asked], k + 1)
    examples = []
    for (fact, question), hits in zip(asked, found, strict=True):
        gold = [passage for passage in passages if passage.doc_id == fact.doc_id and fact.evidence in passage.text]
        distractors = [hit.passage for hit in hits if fact.evidence not in hit.passage.text]
        if not gold:
            continue  # the evidence was cut in two by a passage boundary
        if dice.random() < SHARE_WITHOUT_GOLD:
            examples.append(Example(open_book_messages(question, distractors[:k]), NOT_FOUND))
        else:
            shown = [gold[0], *distractors[: k - 1]]
            dice.shuffle(shown)
            examples.append(Example(open_book_messages(question, shown), fact.answer))
    return examples
