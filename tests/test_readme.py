"""The README says what the committed results say."""

import re

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
