"""The runner behind `make course` and `make outputs`."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils import course


@pytest.fixture
def folder(tmp_path, monkeypatch):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.setattr(course, "NOTEBOOKS_FOLDER", notebooks)
    monkeypatch.setattr(course, "BUILD_FOLDER", tmp_path / "build")
    monkeypatch.setattr(course, "TIMINGS_FILE", tmp_path / "timings.json")
    table = new_code_cell("7 * 6", metadata={"tags": ["head-to-head-table"]})
    nbformat.write(new_notebook(cells=[new_markdown_cell("# T"), table]), notebooks / "07_head_to_head.ipynb")
    return tmp_path


def test_course_executes_into_the_build_folder(folder, capsys):
    before = (folder / "notebooks" / "07_head_to_head.ipynb").read_text()
    assert course.main([]) == 0
    printed = capsys.readouterr().out
    assert "07_head_to_head …" in printed and "peak memory" in printed and "42" in printed
    assert (folder / "notebooks" / "07_head_to_head.ipynb").read_text() == before
    built = nbformat.read(folder / "build" / "07_head_to_head.ipynb", as_version=4)
    assert built.cells[1].execution_count == 1
    timings = json.loads((folder / "build" / "timings.json").read_text())
    assert timings["notebooks"]["07_head_to_head"]["seconds"] > 0 and timings["machine"]["cores"] >= 1


def test_outputs_are_written_in_place(folder):
    assert course.main(["--in-place", "07"]) == 0
    done = nbformat.read(folder / "notebooks" / "07_head_to_head.ipynb", as_version=4)
    assert done.cells[1].outputs[0]["data"]["text/plain"] == "42"
    assert (folder / "timings.json").exists()


def test_a_failing_notebook_fails_the_course_and_is_left_as_it_was(folder, capsys):
    path = folder / "notebooks" / "01_broken.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_text()
    assert course.main(["--in-place"]) == 1
    assert "Failed: 01_broken" in capsys.readouterr().out
    assert path.read_text() == before


def test_an_unknown_number_is_refused(folder):
    with pytest.raises(SystemExit):
        course.main(["99"])
