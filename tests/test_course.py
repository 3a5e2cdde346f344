"""The runner behind `make course` and `make outputs`."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests import rerun
from utils import course
from utils.machine import estimate_minutes


@pytest.fixture
def folder(tmp_path, monkeypatch):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.setattr(course, "NOTEBOOKS_FOLDER", notebooks)
    monkeypatch.setattr(course, "BUILD_FOLDER", tmp_path / "build")
    monkeypatch.setattr(course, "TIMINGS_FILE", tmp_path / "timings.json")
    monkeypatch.setattr(course, "measure_speed", lambda seconds: 123.45)
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


def test_timings_hold_the_speed_of_their_machine_and_keep_what_was_not_measured(folder):
    path = folder / "timings.json"
    course.update_timings({"01_embeddings": course.Timing(20.0, 900)}, path)
    course.update_timings({"02_retrieval": course.Timing(90.0, 1500)}, path)
    timings = json.loads(path.read_text())
    assert timings["machine"]["gflops"] == pytest.approx(123.45, abs=0.051)
    assert estimate_minutes(123.45, timings) == pytest.approx({"01_embeddings": 1 / 3, "02_retrieval": 1.5}, rel=0.01)


def test_times_in_float32_stand_in_a_section_of_their_own(folder, monkeypatch):
    monkeypatch.setenv(course.PRECISION_VARIABLE, "bfloat16")
    assert course.main(["--float32"]) == 0
    timings = json.loads((folder / "timings.json").read_text())
    assert timings["float32"]["07_head_to_head"]["seconds"] > 0 and timings["notebooks"] == {}
    assert (folder / "build" / "07_head_to_head.ipynb").is_file()


def test_solutions_are_executed_after_their_lesson_and_not_timed(folder):
    (folder / "notebooks" / "solutions").mkdir()
    solution = folder / "notebooks" / "solutions" / "07_head_to_head.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("6 * 7")]), solution)
    assert course.main(["--in-place", "07"]) == 0
    assert nbformat.read(solution, as_version=4).cells[0].execution_count == 1
    assert list(json.loads((folder / "timings.json").read_text())["notebooks"]) == ["07_head_to_head"]


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


def test_cells_that_cannot_be_run_twice_are_noticed(folder, capsys):
    path = folder / "notebooks" / "01_popping.ipynb"
    cells = [new_code_cell("left = [2, 1]"), new_code_cell("print(left.pop())"), new_code_cell("print(6 * 7)")]
    nbformat.write(new_notebook(cells=cells), path)
    assert rerun.main(["01"]) == 0
    printed = capsys.readouterr().out
    assert "3 cells ran twice, 1 said something else" in printed and "--- first\n1\n\n--- then\n2\n" in printed
    cells[0] = new_code_cell("left = [1]")
    nbformat.write(new_notebook(cells=cells), path)
    assert rerun.main(["01"]) == 1
    assert "01_popping: FAILED" in capsys.readouterr().out
