"""Notebooks 00 and 03 in a real browser: Run All, no errors, the playground answers, an exercise is checked."""

import pytest

pytest.importorskip("playwright")

from tests.browser import (
    CHROMIUM,
    ask_playground,
    cell_with,
    errors,
    jupyterlab,
    open_notebook,
    replace_and_run,
    run_all,
    screenshot,
)

EXERCISE = "def numbered_prompt"
WRONG_ANSWER = """\
def numbered_prompt(question, texts, budget):
    return f"Question: {question}"


checks.numbered_prompt(numbered_prompt)"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as address:
        yield address


def test_start_here_runs_and_shows_the_map(address):
    with open_notebook(address, "00_start_here") as page:
        run_all(page, seconds=240)
        assert errors(page) == []
        pictures = page.locator(".jp-OutputArea img")
        pictures.last.scroll_into_view_if_needed()
        screenshot(page, "00-the-map")
        assert pictures.count() >= 1


def test_the_rag_notebook_answers_in_its_playground_and_checks_an_exercise(address):
    with open_notebook(address, "03_rag_system") as page:
        run_all(page, seconds=900)
        assert errors(page) == []
        ask_playground(page, "RAG")
        screenshot(page, "03-playground")
        cell = cell_with(page, EXERCISE)
        assert "Not done yet" in cell.inner_text()
        replace_and_run(page, cell, WRONG_ANSWER)
        cell = cell_with(page, EXERCISE)
        cell.get_by_text("Not quite").wait_for()
        screenshot(page, "03-exercise")
