"""Exercises, quizzes and solutions: one template, unfilled in the lesson and passed in the solution."""

import json
import re

import nbformat
import pytest
from pydantic import ValidationError

from utils.checks import quiz
from utils.checks.quiz import QUIZZES_FOLDER, Question, load_quiz
from utils.checks.verdicts import call, check, close, done, wrong
from utils.course import NOTEBOOKS_FOLDER

LESSONS = sorted(NOTEBOOKS_FOLDER.glob("0[1-8]_*.ipynb"))
KINDS = ("Predict", "Complete", "Repair", "Extend")
HEADING = re.compile(r"^### Exercise (\d+) · (\w+)", re.MULTILINE)
CALL = re.compile(r"^checks\.\w+\(.*?^\)$|^checks\.\w+\(.*\)$", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def exercises(cells) -> list[tuple[str, str]]:
    """Return number and kind of each exercise."""
    return HEADING.findall("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


def verdicts(cells) -> list[str]:
    """Return what each cell with a check shows."""
    texts = []
    for cell in cells:
        if cell.cell_type == "code" and CALL.search(cell.source):
            texts.append("".join(output["data"]["text/plain"] for output in cell.outputs if "data" in output))
    return texts


def calls(cells) -> list[str]:
    return [found for cell in cells if cell.cell_type == "code" for found in CALL.findall(cell.source)]


def test_a_lesson_ends_with_exercises_a_quiz_and_what_to_read(lesson):
    headings = re.findall(
        r"^## (.*)$", "\n".join(c.source for c in cells_of(lesson) if c.cell_type == "markdown"), re.M
    )
    assert headings[-4:] == ["What we saw", "Exercises", "Quiz", "Further reading"]


def test_there_are_four_exercises_of_four_kinds_each_with_a_hint(lesson):
    cells = cells_of(lesson)
    found = exercises(cells)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1)) and len(found) >= 4
    assert {kind for _, kind in found} == set(KINDS)
    markdown = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for text in re.split(HEADING, markdown)[3::3]:
        assert text.count("<details><summary>Hint</summary>") == text.count("</details>") == 1


def test_an_unfilled_exercise_is_not_done_and_raises_nothing(lesson):
    shown = verdicts(cells_of(lesson))
    assert len(shown) >= 4
    assert [text for text in shown if not text.startswith("… Not done yet.")] == []


def test_every_solution_passes_the_check_of_its_exercise(lesson):
    solved, asked = cells_of(NOTEBOOKS_FOLDER / "solutions" / lesson.name), cells_of(lesson)
    assert exercises(solved) == exercises(asked)
    assert calls(solved) == calls(asked)
    shown = verdicts(solved)
    assert [text for text in shown if not text.startswith("✓ Done.")] == [] and len(shown) == len(verdicts(asked))


def test_a_solutions_notebook_is_executed_cleanly(lesson):
    cells = [c for c in cells_of(NOTEBOOKS_FOLDER / "solutions" / lesson.name) if c.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


def test_the_quiz_of_a_lesson_can_be_answered(lesson):
    shown = quiz(lesson.name[:2])
    for row in shown.rows:
        for number, option in enumerate(row.question.options):
            row.choice.value = number
            assert row.feedback.value.startswith("<p>✓ Right." if option.right else "<p>✗ No.")
        row.choice.value = next(n for n, option in enumerate(row.question.options) if option.right)
    assert f"{len(shown.rows)} of {len(shown.rows)} right" in shown.score.value and len(shown.rows) >= 4
    row.choice.value = None
    assert row.feedback.value == "" and f"{len(shown.rows) - 1} of" in shown.score.value


def test_the_right_option_is_not_always_in_the_same_place():
    places = [
        [option.right for option in question.options].index(True)
        for path in QUIZZES_FOLDER.glob("*.json")
        for question in load_quiz(path.stem)
    ]
    assert max(places.count(place) for place in set(places)) <= 0.6 * len(places)


def test_a_missing_or_damaged_quiz_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="'77'"):
        load_quiz("77")
    (tmp_path / "01.json").write_text("[{]")
    with pytest.raises(ValueError, match=r"01\.json is damaged"):
        load_quiz("01", tmp_path)
    (tmp_path / "01.json").write_text(json.dumps([{"text": "Why?", "options": []}]))
    with pytest.raises(ValueError, match="exactly one option must be right"):
        load_quiz("01", tmp_path)


@pytest.mark.parametrize("rights", [(False, False, False), (True, True, False), (True, False)])
def test_a_question_needs_one_right_option_among_three(rights):
    options = [{"text": f"option {n}", "right": right, "feedback": "why"} for n, right in enumerate(rights)]
    with pytest.raises(ValidationError):
        Question(text="Why?", options=options)


@check
def three(answer):
    return done("Yes.") if close(answer, 3) else wrong("No.")


@check
def doubles(function):
    return done("Yes.") if close(call(function, 2), 4) else wrong("No.")


@pytest.mark.parametrize("answer", [..., [1, ...], {"a": ...}, (1, [2, ...])])
def test_three_dots_are_not_done_wherever_they_stand(answer):
    assert three(answer).kind == "not done"


@pytest.mark.parametrize("answer", ["3", None, [3, 3], float("nan"), {"a": 3}, "three"])
def test_strange_answers_are_wrong_and_never_an_error(answer):
    assert three(answer).kind == ("done" if answer == "3" else "wrong")


def test_functions_of_learners_are_called_safely():
    assert doubles(lambda x: 2 * x).kind == "done"
    assert doubles(lambda x: None).kind == "not done"
    assert doubles(4).message.startswith("Hand over the function itself")
    assert "ZeroDivisionError" in doubles(lambda x: x / 0).message


def test_a_verdict_is_told_apart_without_colour():
    texts = [repr(three(3)), repr(three(...)), repr(three(4))]
    assert [text.split()[0] for text in texts] == ["✓", "…", "✗"]
