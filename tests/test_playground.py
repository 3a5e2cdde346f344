"""The playground without a browser: its method is called, its widgets' values are read."""

import pytest

from tests.stand_ins import Finder, Parrot
from utils.corpus import Passage
from utils.playground import NO_QUESTION, NO_SYSTEM, THINKING, playground
from utils.rag import NOT_FOUND, ClosedBook, RagPipeline
from utils.retrieval import Hit

A = Passage("a#1", "a", "Winch <b>", "The cable guide is wiped with lanolin.<script>alert(1)</script>")
B = Passage("b#1", "b", "Bread", "Rye bread is baked on Fridays.")


@pytest.fixture
def box():
    rag = RagPipeline(Finder([Hit(A, 0.7251), Hit(B, 0.5)]), Parrot(["wiped & with <i>lanolin</i>"]), k=2)
    return playground({"RAG": rag, "model <alone>": ClosedBook(Parrot(["graphite"]))})


def ask(box, question):
    box.question.value = question
    box.ask()
    return box.answers.value


def test_it_shows_answer_passages_scores_citations_and_prompt(box):
    html = ask(box, "What is it wiped with?")
    assert box.status.value == "" and not box.button.disabled
    for wanted in ("lanolin", "Citations: 1", "[1] a#1, score 0.725", "[2] b#1, score 0.500", "graphite"):
        assert wanted in html
    assert "Question: What is it wiped with?" in html.split("<summary>Prompt</summary>")[1]
    assert html.count("<details>") == html.count("</details>") == 4  # citations, passages and two prompts


def test_what_comes_from_models_documents_and_names_is_escaped(box):
    html = ask(box, "<img src=x onerror=alert(1)>")
    for danger in ("<script", "<b>\n", "<i>", "<img", "<alone>"):
        assert danger not in html
    assert "&lt;script&gt;" in html and "wiped &amp; with &lt;i&gt;lanolin" in html and "Question: &lt;img" in html


def test_only_ticked_systems_are_asked(box):
    box.chosen["RAG"].value = False
    html = ask(box, "Why?")
    assert "graphite" in html and "lanolin" not in html
    box.chosen["model <alone>"].value = False
    assert ask(box, "Why?") == "" and box.status.value == NO_SYSTEM


def test_the_button_and_enter_ask(box):
    box.question.value = "Why?"
    box.button.click()
    assert "lanolin" in box.answers.value
    box.answers.value = ""
    box.question._handle_custom_msg({"event": "submit"}, [])  # what the browser sends for Enter
    assert "lanolin" in box.answers.value


def test_it_says_that_it_is_thinking_while_a_system_works(box):
    seen = []

    class Slow:
        def answer(self, questions):
            seen.append((box.status.value, box.button.disabled))
            return ClosedBook(Parrot(["done"])).answer(questions)

    box.systems["RAG"] = Slow()
    assert "done" in ask(box, "Why?")
    assert seen == [(THINKING, True)] and box.status.value == ""


def test_an_empty_question_gets_a_friendly_line(box):
    ask(box, "Why?")
    assert ask(box, "  ") == "" and box.status.value == NO_QUESTION


def test_an_error_gets_a_line_and_the_next_question_works(box):
    assert "lanolin" not in ask(box, "why <b> " * 3000)
    assert "That did not work: The question" in box.status.value
    assert "&lt;b&gt;" in box.status.value and "Traceback" not in box.status.value
    assert "lanolin" in ask(box, "Why?") and box.status.value == ""


def test_declining_and_notes_are_shown():
    long = Passage("l#1", "l", "Long", "One two three. " * 1000)
    box = playground({"RAG": RagPipeline(Finder([Hit(long, 0.5)]), Parrot([NOT_FOUND]))})
    html = ask(box, "Why?")
    assert "RAG (declined)" in html and "l#1 is too long" in html and "The answer cites nothing." in html


def test_without_systems_there_is_no_playground():
    with pytest.raises(ValueError, match="systems is empty"):
        playground({})
