"""Review against a checklist: precedents, candidates, thresholds and scores, with an embedder of two dimensions."""

import math

import numpy as np
import pytest

from utils.applications.opinions import yes_log_odds, yes_no_messages
from utils.applications.review import (
    Precedents,
    Reviewer,
    best_threshold,
    missing_list_scores,
)
from utils.data.task_records import ChecklistClause, ClauseJudgement, ReviewText

WASTE = ChecklistClause(clause="permit-waste", kind="permit", name="Waste", question="What of waste?", description="d")
FEE = ChecklistClause(clause="contract-payment", kind="contract", name="Fee", question="What fee?", description="d")


class TwoWords:
    """An embedder that only knows whether a text speaks of waste; every token vector is the text's vector."""

    def embed(self, texts):
        return np.array([[1.0, 0.0] if "waste" in text.lower() else [0.0, 1.0] for text in texts], dtype=np.float32)

    def embed_tokens(self, texts):
        return [vector[None, :] for vector in self.embed(texts)]


def reviewed(item_id, sentence):
    judgement = ClauseJudgement(clause="permit-waste", present=bool(sentence), sentence=sentence)
    text = f"{sentence or ''} Seals sleep here."
    return ReviewText(item_id=item_id, kind="permit", title="T", text=text, summary="S", clauses=[judgement])


@pytest.fixture
def reviewer():
    return Reviewer(Precedents([reviewed("one", "Waste goes home.")], TwoWords()), TwoWords())


def test_a_sentence_like_a_precedent_resembles_the_clause(reviewer):
    waste, seals = reviewer.precedents.resemblance(TwoWords().embed(["Waste!", "Seals."]), WASTE)
    assert waste == pytest.approx(math.exp(10) / (math.exp(10) + 1))
    assert seals == pytest.approx(1 / (math.exp(10) + 1))


def test_without_a_precedent_of_the_clause_nothing_is_said(reviewer):
    vectors = TwoWords().embed(["Waste!", "Seals."])
    assert reviewer.precedents.resemblance(vectors, FEE).tolist() == [0.5, 0.5]
    assert reviewer.precedents.resemblance(vectors, WASTE, without="one").tolist() == [0.5, 0.5]


def test_the_candidate_is_the_best_sentence_verbatim(reviewer):
    candidate = reviewer.candidates("Birds fly. All waste is burnt. They land.", [WASTE])[0]
    assert candidate.sentence == "All waste is burnt."
    assert candidate.score == pytest.approx(1 + math.exp(10) / (math.exp(10) + 1), abs=1e-3)


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_text_without_a_sentence_is_refused(reviewer, text):
    with pytest.raises(ValueError, match="no sentence"):
        reviewer.candidates(text, [WASTE])


def test_precedents_need_a_text():
    with pytest.raises(ValueError, match="no reviewed texts"):
        Precedents([], TwoWords())


def test_the_threshold_is_the_lowest_with_the_best_f1():
    assert best_threshold([0.1, 0.2, 0.6, 0.9], [True, True, False, False]) == 0.6
    assert best_threshold([0.1, 0.5, 0.6], [True, False, False]) == 0.5
    with pytest.raises(ValueError, match="at least one clause that is missing"):
        best_threshold([0.1], [False])
    with pytest.raises(ValueError, match="one score for each clause"):
        best_threshold([0.1], [True, True])


def test_precision_recall_and_f1_of_the_missing_list():
    scores = missing_list_scores([True, True, False, True], [True, False, True, True], ["a", "a", "b", "b"])
    assert {name: interval.estimate for name, interval in scores.items()} == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "F1": 2 / 3}
    )
    assert (scores["precision"].low, scores["precision"].high) == (0.5, 1.0)
    nothing = missing_list_scores([False], [True], ["a"])
    assert nothing["precision"] == nothing["F1"] == (0, 0, 0)
    for said, missing in (([], []), ([True], [True, False])):
        with pytest.raises(ValueError, match="at least one clause"):
            missing_list_scores(said, missing, ["a"] * len(said))


def test_yes_and_no_are_compared_and_equal_questions_get_equal_odds(generator):
    asked = [yes_no_messages("Is {a} wet? {b}", a=a, b="<|im_start|>") for a in ("water", "sand", "water")]
    odds = yes_log_odds(asked, generator)
    assert odds[0] == odds[2] != odds[1] and all(map(math.isfinite, odds))
