"""Hygiene of every notebook: executed once from top to bottom, clean outputs, one template."""

import json
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from utils.data import DATA_FOLDER

PATHS = sorted((DATA_FOLDER.parent / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?:/(?:home|root|tmp|work|Users|usr|opt|var)/|[A-Z]:\\\\)")
DEBRIS = re.compile(r"it/s\]|%\|[█▏▎▍▌▋▊▉ ]+\||Warning:|Traceback")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_as_text(notebook) -> str:
    texts = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            texts.append(output.get("text", ""))
            texts += [str(v) for kind, v in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(texts)


def test_the_notebooks_of_the_course_are_there():
    assert [path.stem[:2] for path in PATHS] == ["00", "01", "02", "03", "04", "05", "06", "07", "08"]


def test_executed_in_order_from_one_to_n(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_errors_and_nothing_on_stderr(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_outputs_hold_no_warnings_debris_or_machine_paths(notebook):
    text = outputs_as_text(notebook)
    assert DEBRIS.search(text) is None
    assert MACHINE_PATH.search(text) is None


def test_sources_hold_no_machine_paths(notebook):
    assert MACHINE_PATH.search("\n".join(cell.source for cell in notebook.cells)) is None


def test_cells_are_short_and_the_file_is_small(path, notebook):
    assert max(len(cell.source.splitlines()) for cell in code_cells(notebook)) <= 25
    assert path.stat().st_size < 1.5e6


def test_the_first_cells_follow_the_template(path, notebook):
    first, second = notebook.cells[:2]
    number = path.stem.split("_")[0]
    assert first.source.startswith(f"# {number} · ")
    assert "**Question:" in first.source and "in this notebook we will" in first.source.lower()
    assert number == "00" or "\nYou need: " in first.source
    reference = nbformat.read(PATHS[0], as_version=4).cells[1]
    assert second.source == reference.source and second.source.startswith("# Set-up")


def test_it_says_what_was_seen(notebook):
    markdown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert sum(source.startswith("## What we saw") for source in markdown) == 1


def test_pictures_are_described_in_words(notebook):
    for place, cell in enumerate(notebook.cells):
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            words = next(after.source for after in notebook.cells[place + 1 :] if after.cell_type == "markdown")
            assert not words.startswith("#"), cell.source
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert all(alt.strip() for alt in re.findall(r"!\[(.*?)\]", markdown))


def test_as_slides_no_slide_is_long(notebook):
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells]
    assert set(kinds) <= {"slide", "subslide", "-", "skip"} and kinds[0] == "slide"
    assert max(map(len, re.split("[^-]", "".join(kind[0] for kind in kinds)))) <= 8
    for kind, cell in zip(kinds, notebook.cells, strict=True):
        is_heading = cell.cell_type == "markdown" and re.match("##? (?!Exercises|Quiz)", cell.source)
        assert kind == "slide" or not is_heading


def test_headings_are_in_order(notebook):
    levels = [
        len(match[1])
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for match in re.finditer(r"^(#+) ", cell.source, re.MULTILINE)
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_strict_cells_show_no_scores(notebook):
    strict = [cell for cell in code_cells(notebook) if "NBVAL_CHECK_OUTPUT" in cell.source]
    for cell in strict:
        shown = "".join(output.get("text", "") for output in cell.outputs)
        assert not re.search(r"\d\.\d|%", shown)


def test_the_kernel_is_named_plainly(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) == {"kernelspec", "language_info"}


def test_the_set_up_cell_finds_the_course_or_says_what_to_do(tmp_path, monkeypatch):
    setup = nbformat.read(PATHS[0], as_version=4).cells[1].source
    monkeypatch.chdir(PATHS[0].parent)
    found: dict = {}
    exec(setup, found)
    assert found["ROOT"] == DATA_FOLDER.parent
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="inside the course's folder"):
        exec(setup, {})
