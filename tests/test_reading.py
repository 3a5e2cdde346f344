"""The reading experiments: what is shown to the model, what is observed, and the committed file."""

from dataclasses import replace

import pytest

from tests.stand_ins import Finder, Parrot
from utils.corpus import Passage
from utils.data import Item, load_facts
from utils.experiments import load_settings, read_results
from utils.experiments.protocol import handbook_passages
from utils.experiments.reading import (
    NAME,
    ReadingExperiments,
    forged_items,
    gold_retriever,
    near_miss_items,
    observe,
    passages_with_evidence,
    plain_items,
    reading_items,
)
from utils.rag import NOT_FOUND, Answer
from utils.retrieval import Hit

PASSAGES = [
    Passage("winch#0", "winch", "Winch", "The winch lifts 4 kN. Grease it weekly."),
    Passage("winch#1", "winch", "Winch", "Its key hangs in the Boatshed."),
    Passage("crane#0", "crane", "Crane", "The crane lifts 9 kN."),
]
ITEMS = [
    Item("a/train1", "What does the winch lift?", ["4 kN"], "quantity", "a", "winch", "The winch lifts 4 kN."),
    Item("b/train1", "What does the crane lift?", ["9 kN"], "quantity", "b", "crane", "The crane lifts 9 kN."),
    Item("c/train1", "Where is the key?", ["Boatshed"], "place", "c", "winch", "Its key hangs in the Boatshed."),
]
GOLD = {item.item_id: passages_with_evidence(item, PASSAGES)[0] for item in ITEMS}


def hits(*passages):
    return [Hit(passage, 1.0 / rank) for rank, passage in enumerate(passages, start=1)]


def test_evidence_is_looked_for_in_its_own_document_only():
    twin = replace(PASSAGES[0], id="other#0", doc_id="other")
    assert passages_with_evidence(ITEMS[0], [twin, *PASSAGES]) == [PASSAGES[0]]
    assert passages_with_evidence(replace(ITEMS[0], evidence="cut in two"), PASSAGES) == []


def test_a_forgery_says_another_answer_of_the_same_type():
    altered, passages = forged_items(ITEMS, GOLD)
    assert [item.item_id for item in altered] == ["a/train1/forged", "b/train1/forged"]  # no other place is known
    assert passages["a/train1/forged"].text == "The winch lifts 9 kN. Grease it weekly."
    assert altered[0].answers == ["9 kN"] and altered[0].evidence == "The winch lifts 9 kN."


def test_a_gold_retriever_finds_the_evidence_and_nothing_for_a_stranger():
    retriever = gold_retriever(ITEMS, PASSAGES)
    found = retriever.search([ITEMS[1].question, "Who is the cook?", ITEMS[2].question], 3)
    assert [[hit.passage.id for hit in of_query] for of_query in found] == [["crane#0"], [], ["winch#1"]]
    assert retriever.search([ITEMS[1].question], 3, where=lambda passage: passage.doc_id == "winch") == [[]]


def test_what_is_observed_of_an_answer():
    both = hits(PASSAGES[0], PASSAGES[2])
    answers = [
        Answer("4 kN", both, both, False, 0.5),
        Answer("9 kN", both, [], False, 0.25),
        Answer("no", hits(PASSAGES[0]), hits(PASSAGES[0]), False),
    ]
    observed = observe(answers, ITEMS, PASSAGES)
    assert observed["confidence"] == [0.5, 0.25, 0.0]
    assert observed["evidence_shown"] == [1.0, 1.0, 0.0]
    assert observed["citation_precision"] == [0.5, None, 0.0]
    assert observed["citation_recall"] == [1.0, 0.0, 0.0]


def test_a_near_miss_has_no_evidence_to_cite():
    item = replace(ITEMS[0], evidence="", answers=[NOT_FOUND])
    observed = observe([Answer("4 kN", hits(PASSAGES[0]), hits(PASSAGES[0]), False)], [item], PASSAGES)
    assert observed["citation_precision"] == observed["citation_recall"] == [None]
    assert observed["evidence_shown"] == [0.0]


def test_the_gold_passage_takes_every_place_among_the_distractors():
    parrot = Parrot(["4 kN"])
    distractors = [replace(PASSAGES[2], id=f"crane#{n}", text=f"Distractor {n}.") for n in range(1, 6)]
    experiments = ReadingExperiments(parrot, Finder(hits(PASSAGES[0], *distractors)), PASSAGES, load_settings())
    assert len(experiments.position_of_gold(ITEMS[:1], GOLD)) == 5
    assert "[5] Winch\nThe winch lifts 4 kN." in parrot.asked[0][-1]["content"]
    assert "Distractor 5" not in parrot.asked[0][-1]["content"]


@pytest.fixture(scope="module")
def results(embedder):
    facts = load_facts()
    passages = handbook_passages(embedder, load_settings())
    return read_results(NAME, reading_items(facts, passages))


def test_the_committed_file_has_every_question_once(results):
    new, plain = results["test: new wording"], results["test: plain wording"]
    assert [arm.arm for arm in new] == [arm.arm for arm in plain] == ["base + RAG", "gold passage"]
    for arms in (new, plain):
        assert len({arm.items[0].item_id for arm in arms}) == 1
        assert len(arms[0].items) == len({item.fact_id for item in arms[0].items}) >= 200
    assert len(results["test: near misses"][0].items) == len(near_miss_items("test"))
    of_dev = {item.item_id for item in plain_items(load_facts(), "dev")}
    assert not of_dev & {item.item_id for item in plain[0].items}


def test_controls_of_the_committed_file_hold(results):
    shown = {arm.arm: arm.interval("containment").estimate for arm in results["dev: original answer"]}
    assert shown["no passage"] <= 0.05 and shown["random passage"] <= 0.05
    assert shown["altered passage"] < shown["gold passage"]
