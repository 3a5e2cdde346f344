"""The questionnaire: every combination of answers, the rules' order, what never happens, the cases, the widget."""

import itertools
from typing import get_args

import pytest

from utils.choice.advice import CHOICES, FACTS_IN_WEIGHTS, TRAINED, Choice, Recommendation
from utils.choice.cases import CASES
from utils.choice.questionnaire import QUESTIONS, recommend
from utils.choice.rules import RULES
from utils.choice.widgets import questionnaire_widget, recommendation_html

ALL = [
    dict(zip(QUESTIONS, options, strict=True))
    for options in itertools.product(*(q.options for q in QUESTIONS.values()))
]
PLAIN = {
    "evaluation": "yes",
    "missing": "knowledge",
    "restricted": "no",
    "citations": "no",
    "updates": "monthly",
    "queries": "unknown",
    "labels": "none",
    "room": "yes",
}
BY_TRAINING = ("LoRA", "both")
BY_RETRIEVAL = ("RAG", "both")


def choice(**changes):
    return recommend(PLAIN | changes).choice


def choices_along(question):
    """For every combination of the other answers, the choices along one question's options."""
    for answers in ALL:
        if answers[question] == next(iter(QUESTIONS[question].options)):
            yield [recommend(answers | {question: option}).choice for option in QUESTIONS[question].options]


def test_every_combination_reaches_a_recommendation_and_every_rule_is_reached():
    assert len(ALL) == 2 * 6 * 2 * 2 * 4 * 3 * 4 * 2
    reached = {recommend(answers) for answers in ALL}
    assert reached == {rule.recommendation for rule in RULES}
    assert {one.choice for one in reached} == set(CHOICES) == set(get_args(Choice))


def test_every_recommendation_says_why_on_what_evidence_and_what_would_change_it():
    for rule in RULES:
        one = rule.recommendation
        assert one.reasons and one.evidence and one.would_change
        assert all(line.endswith(".") for line in (*one.reasons, *one.evidence, *one.would_change))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "RAG"),
        ({"evaluation": "no", "citations": "yes"}, "neither yet"),
        ({"missing": "instructions"}, "prompting"),
        ({"missing": "instructions", "citations": "yes"}, "RAG"),
        ({"citations": "yes", "room": "no"}, "neither yet"),
        ({"missing": "reading"}, "RAG"),
        ({"missing": "reading", "labels": "hundreds"}, "both"),
        ({"missing": "style", "labels": "dozens", "updates": "never"}, "prompting"),
        ({"missing": "style", "labels": "hundreds", "updates": "never"}, "LoRA"),
        ({"missing": "style", "labels": "hundreds", "restricted": "yes"}, "both"),
        ({"missing": "task", "labels": "thousands"}, "prompting"),
        ({"missing": "task", "labels": "thousands", "queries": "above"}, "LoRA"),
        ({"missing": "knowledge and style"}, "RAG"),
        ({"missing": "knowledge and style", "labels": "hundreds"}, "both"),
        ({"room": "no"}, "neither yet"),
        ({"room": "no", "labels": "hundreds", "updates": "yearly"}, "LoRA"),
        ({"updates": "never", "queries": "above", "labels": "thousands"}, "LoRA"),
        ({"updates": "yearly", "queries": "above", "labels": "thousands"}, "RAG"),
    ],
)
def test_rules_by_hand(changes, expected):
    assert choice(**changes) == expected


def test_without_room_nobody_is_told_to_compare_with_rag():
    fixed = PLAIN | {"updates": "never", "queries": "above", "labels": "thousands"}
    assert recommend(fixed) == FACTS_IN_WEIGHTS
    assert recommend(fixed | {"room": "no"}) == TRAINED


def test_without_an_evaluation_set_the_answer_is_always_neither_yet():
    assert {recommend(a).choice for a in ALL if a["evaluation"] == "no"} == {"neither yet"}


def test_sources_and_deletion_are_never_left_to_weights_or_prompts():
    strict = [a for a in ALL if "yes" in (a["citations"], a["restricted"])]
    assert {recommend(a).choice for a in strict} == {"RAG", "both", "neither yet"}


def test_passages_are_never_put_where_there_is_no_room():
    assert not {recommend(a).choice for a in ALL if a["room"] == "no"} & set(BY_RETRIEVAL)


def test_nothing_is_trained_on_a_handful_of_examples():
    assert not {recommend(a).choice for a in ALL if a["labels"] in ("none", "dozens")} & set(BY_TRAINING)


def test_more_examples_never_speak_against_training():
    for along in choices_along("labels"):
        trained = [one in BY_TRAINING for one in along]
        assert trained == sorted(trained)


def test_more_frequent_updates_never_speak_for_training():
    for along in choices_along("updates"):
        trained = [one in BY_TRAINING for one in along]
        assert trained == sorted(trained, reverse=True)


def test_more_queries_never_speak_against_lora():
    for below, above, _ in choices_along("queries"):
        assert below != "LoRA" or above == "LoRA"


def test_an_unknown_number_of_queries_is_treated_as_few():
    assert all(below == unknown for below, _, unknown in choices_along("queries"))


def test_an_unknown_question_is_named():
    with pytest.raises(ValueError, match=r"no question 'budget'\. The questions are 'evaluation', 'missing'"):
        recommend(PLAIN | {"budget": "small"})


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_a_missing_answer_is_named_with_what_is_allowed(name):
    allowed = ", ".join(map(repr, QUESTIONS[name].options))
    with pytest.raises(ValueError, match=f"question {name!r} has no answer. Allowed are {allowed}"):
        recommend({key: value for key, value in PLAIN.items() if key != name})


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_an_unknown_option_is_named_with_what_is_allowed(name):
    allowed = ", ".join(map(repr, QUESTIONS[name].options))
    with pytest.raises(ValueError, match=f"{name} is 'perhaps'. Allowed are {allowed}"):
        recommend(PLAIN | {name: "perhaps"})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_answers_of_a_case_lead_to_its_choice(case):
    assert recommend(case.answers).choice == case.choice
    assert len(case.text) > 150 and ("flips" in case.reasoning or "After that" in case.reasoning)


def test_there_are_eight_cases_with_all_choices():
    assert len({case.title for case in CASES}) == 8
    assert {case.choice for case in CASES} == set(CHOICES)


@pytest.mark.parametrize(
    ("title", "changes", "flipped"),
    [
        ("Support bot", {"missing": "reading"}, "both"),
        ("Law firm", {"missing": "reading", "labels": "hundreds"}, "both"),
        ("Tone of voice", {"labels": "hundreds"}, "LoRA"),
        ("Dishwasher help", {"room": "yes"}, "RAG"),
        ("A start-up", {"evaluation": "yes"}, "RAG"),
    ],
)
def test_what_a_case_says_would_flip_it_does(title, changes, flipped):
    case = next(case for case in CASES if case.title == title)
    assert recommend(case.answers | changes).choice == flipped != case.choice


def answered(answers):
    box = questionnaire_widget()
    for name, option in answers.items():
        box.boxes[name].value = option
    return box


def test_the_widget_counts_answers_then_recommends():
    box = questionnaire_widget()
    assert box.result.value == "0 of 8 questions answered."
    for number, (name, option) in enumerate(PLAIN.items(), start=1):
        assert "<h4>" not in box.result.value
        box.boxes[name].value = option
        assert number == len(PLAIN) or f"{number} of 8" in box.result.value
    assert "<h4>RAG</h4>" in box.result.value and "What would change it" in box.result.value
    box.boxes["missing"].value = "instructions"
    assert "<h4>prompting</h4>" in box.result.value
    box.boxes["room"].value = None
    assert "7 of 8" in box.result.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_widget_agrees_with_the_function(case):
    assert answered(case.answers).result.value == recommendation_html(recommend(case.answers))


def test_every_question_is_shown_with_all_its_options():
    box = questionnaire_widget()
    shown = " ".join(child.value for child in box.children if child not in box.boxes.values())
    for name, question in QUESTIONS.items():
        assert question.text in shown
        assert [text for text, _ in box.boxes[name].options[1:]] == list(question.options.values())


def test_an_error_is_shown_in_the_widget_and_escaped(monkeypatch):
    box = answered(PLAIN)

    def broken(_):
        raise ValueError("a <b> that & broke")

    with monkeypatch.context() as patched:
        patched.setattr("utils.choice.widgets.recommend", broken)
        box.boxes["labels"].value = "dozens"
        assert "That did not work: a &lt;b&gt; that &amp; broke" in box.result.value
    box.boxes["labels"].value = "none"
    assert "<h4>RAG</h4>" in box.result.value


def test_what_a_recommendation_says_is_escaped():
    html = recommendation_html(Recommendation("RAG", ("<i>why</i>",), ("a & b",), ("<script>",)))
    assert "&lt;i&gt;why" in html and "a &amp; b" in html and "<script" not in html
