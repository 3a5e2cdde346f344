"""The README says what the committed results say."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from utils import readme


def test_the_measured_passages_are_those_of_the_results():
    text = readme.README_FILE.read_text(encoding="utf-8")
    assert readme.fill(text) == text


def test_one_changed_digit_is_noticed():
    text = readme.README_FILE.read_text(encoding="utf-8")
    passage = readme.head_to_head_passage()
    number = re.search(r"\d(?= %)", passage)
    changed = passage[: number.start()] + str((int(number[0]) + 1) % 10) + passage[number.end() :]
    forged = text.replace(passage, changed)
    assert forged != text and readme.fill(forged) == text


def test_missing_markers_are_an_error():
    with pytest.raises(ValueError, match="no markers for 'head-to-head'"):
        readme.fill("# No markers here")


def test_local_links_and_pictures_exist():
    text = readme.README_FILE.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert targets
    assert [target for target in targets if not (readme.README_FILE.parent / target).exists()] == []


def test_the_figure_can_be_drawn(tmp_path):
    readme.draw_figure(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_every_notebook_says_its_measured_time():
    content = json.loads(readme.TIMINGS_FILE.read_text(encoding="utf-8"))
    for path in sorted(readme.NOTEBOOKS_FOLDER.glob("[0-9]*.ipynb")):
        first = nbformat.read(path, as_version=4).cells[0].source
        assert readme.time_line(path.stem, content) in first.splitlines(), path.stem


def test_a_time_line_says_minutes_and_machine():
    timings = {
        "machine": {"cores": 2, "precision": "bfloat16"},
        "notebooks": {"01": {"seconds": 90, "peak_megabytes": 900}, "02": {"seconds": 30, "peak_megabytes": 900}},
        "float32": {"01": {"seconds": 150, "peak_megabytes": 900}},
    }
    assert readme.time_line("01", timings) == "**Time:** 1.5 minutes on 2 cores in bfloat16, 2.5 in float32."
    assert readme.time_line("02", timings) == "**Time:** 0.5 minutes on 2 cores in bfloat16."


def test_a_notebook_without_a_line_for_its_time_is_an_error(tmp_path):
    path = tmp_path / "01.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 01")]), path)
    with pytest.raises(ValueError, match=r"01\.ipynb: the first cell needs one line"):
        readme.fill_notebook(path, {})


def test_the_example_for_your_own_documents_works(tmp_path):
    text = readme.README_FILE.read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(code.splitlines()) <= 12
    mine = tmp_path / "my_documents"
    mine.mkdir()
    (mine / "boat.txt").write_text("The boat leaves the small pier at 07:40. It returns before dark.\n")
    (mine / "hut.txt").write_text("The hut sleeps six. Its stove burns kerosene.\n")
    code = code.replace('"my_documents"', repr(str(mine)))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=readme.README_FILE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "07:40" in done.stdout and "boat" in done.stdout
