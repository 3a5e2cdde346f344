"""How the base model reads what it is shown: notebook 03's experiments at full length.

On development documents: how many passages, where the gold one stands, and whether the reply follows the passage or the
weights. On test documents, once and with frozen settings: retrieval against the gold passage, citations, near misses.
"""

import random
from dataclasses import replace
from typing import Any

from utils.corpus import Passage
from utils.data import Fact, Item, Split, items_for, load_unanswerable
from utils.experiments.results import ArmScores, score_replies
from utils.experiments.resumable import Measurement
from utils.experiments.settings import Settings
from utils.metrics import citation_scores
from utils.models import Generator
from utils.rag import NOT_FOUND, Answer, RagPipeline, closed_book_messages, open_book_messages
from utils.retrieval import Filter, Hit, Retriever

NAME = "reading"
COUNTS = (1, 2, 3, 5)  # passages shown
SHOWN_AROUND_GOLD = 5  # the gold passage and its distractors
FORGED = "/forged"
ALTERED = "altered passage"
DEV_QUESTIONS, TEST_QUESTIONS = 60, 200  # samples, to keep the run short


def passages_with_evidence(item: Item, passages: list[Passage]) -> list[Passage]:
    """Return the passages that hold the whole sentence with an item's answer; none if a boundary cuts it in two."""
    return [passage for passage in passages if passage.doc_id == item.doc_id and item.evidence in passage.text]


class GivenPassages:
    """A retriever that finds for each known question the passages that were given for it, and nothing for others."""

    def __init__(self, given: dict[str, list[Passage]]) -> None:
        self.given = given

    def search(self, queries: list[str], k: int, *, where: Filter | None = None) -> list[list[Hit]]:
        """Return for each question the first k of its passages that `where` lets through, each with the score 1."""
        of_queries = [self.given.get(query, []) for query in queries]
        return [[Hit(p, 1.0) for p in passages if where is None or where(p)][:k] for passages in of_queries]


def gold_retriever(items: list[Item], passages: list[Passage]) -> GivenPassages:
    """Return a retriever that finds the passage with the evidence of each item's question."""
    return GivenPassages({item.question: passages_with_evidence(item, passages) for item in items})


def plain_items(facts: list[Fact], split: Split) -> list[Item]:
    """Return one plain question for each fact of a split's documents: its first training wording."""
    return items_for([fact for fact in facts if fact.doc_split == split], "train", per_fact=1)


def near_miss_items(split: Split) -> list[Item]:
    """Return the near misses of a split; the right answer to each is to decline."""
    return [
        Item(miss.question_id, miss.question, [NOT_FOUND], "phrase", miss.question_id, miss.near_doc_id, "")
        for miss in load_unanswerable()
        if miss.split == split
    ]


def forged_items(items: list[Item], gold: dict[str, Passage]) -> tuple[list[Item], dict[str, Passage]]:
    """Return items whose answer is another one of the same type, and passages that were altered to say so.

    An item is left out where its answer does not stand in its passage letter by letter, or no other answer will do.
    """
    dice = random.Random(0)
    altered, passages = [], {}
    for item in items:
        text = gold[item.item_id].text
        written = next((answer for answer in item.answers if answer in item.evidence), None)
        others = [o.answers[0] for o in items if o.answer_type == item.answer_type and o.answers[0] not in text]
        if written is None or not others:
            continue
        sentence = item.evidence.replace(written, new := dice.choice(others))
        forged = replace(item, item_id=item.item_id + FORGED, answers=[new], evidence=sentence)
        altered.append(forged)
        passages[forged.item_id] = replace(gold[item.item_id], text=text.replace(item.evidence, sentence))
    return altered, passages


def observe(answers: list[Answer], items: list[Item], passages: list[Passage]) -> dict[str, list[float | None]]:
    """Return what can be seen of each answer besides its text.

    `confidence`; `evidence_shown`, 1.0 if a hit holds the evidence; `citation_precision`, None where nothing is cited,
    and `citation_recall` against the passages with the evidence, both None where no passage holds it.
    """
    observed: dict[str, list[float | None]] = {
        "confidence": [round(answer.confidence, 6) for answer in answers],
        "evidence_shown": [],
        "citation_precision": [],
        "citation_recall": [],
    }
    for answer, item in zip(answers, items, strict=True):
        relevant = {passage.id for passage in passages_with_evidence(item, passages)} if item.evidence else set()
        cited = [hit.passage.id for hit in answer.citations]
        precision, recall = citation_scores(cited, relevant) if relevant else (None, None)
        observed["evidence_shown"].append(float(any(hit.passage.id in relevant for hit in answer.hits)))
        observed["citation_precision"].append(precision)
        observed["citation_recall"].append(recall)
    return observed


class ReadingExperiments:
    """The experiments with one generator: the base model, its frozen prompt and number of passages."""

    def __init__(self, generator: Generator, retriever: Retriever, passages: list[Passage], settings: Settings) -> None:
        self.generator = generator
        self.retriever = retriever
        self.passages = passages
        self.settings = settings

    def pipeline(self, k: int) -> RagPipeline:
        """Return the system that shows k passages."""
        return RagPipeline(self.retriever, self.generator, k=k, prompt=self.settings.base_prompt)

    def ask_pipeline(self, arm: str, items: list[Item], k: int) -> ArmScores:
        """Return the scored replies of the system that shows k passages, with what else was observed."""
        answers = self.pipeline(k).answer([item.question for item in items])
        scored = score_replies(arm, items, [answer.text for answer in answers])
        return replace(scored, observed=observe(answers, items, self.passages))

    def ask_with(self, arm: str, items: list[Item], shown: list[list[Passage]]) -> ArmScores:
        """Return the scored replies where each item is asked with its passages; closed book where there are none."""
        prompts = [
            open_book_messages(item.question, of_item, self.settings.base_prompt)
            if of_item
            else closed_book_messages(item.question)
            for item, of_item in zip(items, shown, strict=True)
        ]
        return score_replies(arm, items, self.generator.generate(prompts))

    def number_of_passages(self, items: list[Item]) -> list[ArmScores]:
        """Return one arm for each number of retrieved passages."""
        return [self.ask_pipeline(f"{k} passage{'s' if k > 1 else ''}", items, k) for k in COUNTS]

    def position_of_gold(self, items: list[Item], gold: dict[str, Passage]) -> list[ArmScores]:
        """Return one arm for each place of the gold passage among the best distractors."""
        found = self.retriever.search([item.question for item in items], SHOWN_AROUND_GOLD)
        arms = []
        for place in range(SHOWN_AROUND_GOLD):
            shown = []
            for item, hits in zip(items, found, strict=True):
                others = [hit.passage for hit in hits if item.evidence not in hit.passage.text]
                others = others[: SHOWN_AROUND_GOLD - 1]
                shown.append([*others[:place], gold[item.item_id], *others[place:]])
            arms.append(self.ask_with(f"gold in place {place + 1}", items, shown))
        return arms

    def passage_or_weights(self, items: list[Item], gold: dict[str, Passage], by_forgery: list[str]) -> list[ArmScores]:
        """Return what is answered with no, a random and the gold passage, and, in the given replies, an altered one."""
        kept = {item.item_id.removesuffix(FORGED) for item in forged_items(items, gold)[0]}
        originals = [item for item in items if item.item_id in kept]
        dice = random.Random(0)
        return [
            self.ask_with("no passage", originals, [[] for _ in originals]),
            self.ask_with("random passage", originals, [[dice.choice(self.passages)] for _ in originals]),
            self.ask_with("gold passage", originals, [[gold[item.item_id]] for item in originals]),
            score_replies(ALTERED, originals, by_forgery),
        ]

    def altered_answer(self, items: list[Item], gold: dict[str, Passage]) -> list[ArmScores]:
        """Return what is answered with an altered passage, scored by the answer that it gives."""
        altered, forged = forged_items(items, gold)
        return [self.ask_with(ALTERED, altered, [[forged[item.item_id]] for item in altered])]

    def retrieved_or_gold(self, items: list[Item]) -> list[ArmScores]:
        """Return what is answered with the retrieved passages and with the gold one."""
        gold = [passages_with_evidence(item, self.passages)[:1] for item in items]
        return [
            self.ask_pipeline("base + RAG", items, self.settings.base_passages),
            self.ask_with("gold passage", items, gold),
        ]

    def run(self, facts: list[Fact], frozen: dict[str, Any]) -> None:
        """Run everything and write the results file, under the settings on which it depends."""
        items = sample_with_evidence(plain_items(facts, "dev"), self.passages, DEV_QUESTIONS)
        gold = {item.item_id: passages_with_evidence(item, self.passages)[0] for item in items}
        of_test = sample_with_evidence(test_wordings(facts), self.passages, TEST_QUESTIONS)
        plain_test = sample_with_evidence(plain_items(facts, "test"), self.passages, TEST_QUESTIONS)
        plain_dev = with_evidence(plain_items(facts, "dev"), self.passages)
        k = self.settings.base_passages
        measurement = Measurement(NAME, frozen, reading_items(facts, self.passages))
        scored = measurement.scored
        measurement.run(
            {
                "dev: number of passages": lambda: self.number_of_passages(items),
                "dev: position of the gold passage": lambda: self.position_of_gold(items, gold),
                "dev: altered answer": lambda: self.altered_answer(items, gold),
                "dev: original answer": lambda: self.passage_or_weights(
                    items, gold, scored["dev: altered answer"][0].replies
                ),
                "dev: plain wording": lambda: [self.ask_pipeline("base + RAG", plain_dev, k)],
                "dev: near misses": lambda: [self.ask_pipeline("base + RAG", near_miss_items("dev"), k)],
                "test: new wording": lambda: self.retrieved_or_gold(of_test),
                "test: plain wording": lambda: self.retrieved_or_gold(plain_test),
                "test: near misses": lambda: [self.ask_pipeline("base + RAG", near_miss_items("test"), k)],
            }
        )


def test_wordings(facts: list[Fact]) -> list[Item]:
    """Return the test wording of every fact of the test documents."""
    return items_for([fact for fact in facts if fact.doc_split == "test"], "test", per_fact=1)


def with_evidence(items: list[Item], passages: list[Passage]) -> list[Item]:
    """Return the items whose evidence a passage holds."""
    return [item for item in items if passages_with_evidence(item, passages)]


def sample_with_evidence(items: list[Item], passages: list[Passage], n: int) -> list[Item]:
    """Return n items, always the same, whose evidence a passage holds."""
    return random.Random(0).sample(with_evidence(items, passages), n)


def reading_items(facts: list[Fact], passages: list[Passage]) -> list[Item]:
    """Return all items that the results file may name."""
    dev = sample_with_evidence(plain_items(facts, "dev"), passages, DEV_QUESTIONS)
    gold = {item.item_id: passages_with_evidence(item, passages)[0] for item in dev}
    near_misses = [*near_miss_items("dev"), *near_miss_items("test")]
    plain = [*plain_items(facts, "dev"), *plain_items(facts, "test")]
    return [*plain, *forged_items(dev, gold)[0], *test_wordings(facts), *near_misses]
