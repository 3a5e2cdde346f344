"""The fact-checked article: every claim is judged with reason and source, and every figure that is named exists."""

import re
from typing import get_args

import pytest

from utils.choice.article_table import ARTICLE_ROWS
from utils.choice.claims import CLAIMS, NOT_MEASURED, Judgement, figures_text
from utils.choice.measured import Measured
from utils.choice.sources import KEYS
from utils.choice.tables import markdown_table
from utils.metrics import Interval

MEASURED = {key: Measured(f"label of {key}", Interval(0.5, 0.4, 0.6), 12, "50 % [40, 60]") for key in KEYS}


def test_every_claim_has_judgement_reason_and_source():
    assert len(CLAIMS) == 11 and len({claim.statement for claim in CLAIMS}) == 11
    for claim in CLAIMS:
        assert claim.judgement in get_args(Judgement)
        assert 1 <= len(re.findall(r"[.?](?: |$)", claim.reason)) <= 4, claim.reason
        assert claim.sources and all(claim.sources)


def test_figures_and_notebooks_are_named_together_and_exist():
    for claim in CLAIMS:
        assert bool(claim.notebooks) == bool(claim.keys)
        assert set(claim.keys) <= KEYS
    for row in ARTICLE_ROWS:
        assert row.rag_keys and row.tuning_keys and {*row.rag_keys, *row.tuning_keys} <= KEYS


def test_the_table_has_all_rows_of_the_article():
    names = " / ".join(row.name for row in ARTICLE_ROWS)
    for word in ("definition", "training", "architecture", "knowledge base", "response", "use cases", "limitation"):
        assert word in names
    assert len(ARTICLE_ROWS) == 7


def test_cells_hold_the_measured_figures():
    claim = next(claim for claim in CLAIMS if claim.keys)
    cells = claim.cells(MEASURED)
    assert f"notebook {claim.notebooks[0]}" in cells["measured here"]
    assert all(f"label of {key}: 50 % [40, 60], n = 12" in cells["measured here"] for key in claim.keys)
    assert next(c for c in CLAIMS if not c.keys).cells({})["measured here"] == NOT_MEASURED
    row = ARTICLE_ROWS[0]
    assert row.cells(MEASURED)["measured: LoRA"] == figures_text(row.tuning_keys, MEASURED)


def test_a_missing_figure_is_named_and_never_left_out():
    for part in (*(claim for claim in CLAIMS if claim.keys), *ARTICLE_ROWS):
        with pytest.raises(ValueError, match="no measured figure"):
            part.cells({})
    with pytest.raises(ValueError, match="'rag_over_base'"):
        figures_text(["rag_over_base"], {})


def test_every_table_can_be_shown():
    for rows in ([c.cells(MEASURED) for c in CLAIMS], [r.cells(MEASURED) for r in ARTICLE_ROWS]):
        lines = markdown_table(rows).splitlines()
        assert len(lines) == len(rows) + 2
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_a_markdown_table_keeps_bars_and_line_breaks_inside_cells():
    assert markdown_table([{"a": "x|y", "b": "1\n2"}]) == "| a | b |\n| :--- | :--- |\n| x\\|y | 1<br>2 |"


def test_figures_stay_on_one_line_of_a_table():
    table = markdown_table([{"a": "5 % [3, 7], n = 40", "b": "−1 points [−3, +0.4] of it"}])
    assert "5\xa0% [3,\xa07], n\xa0=\xa040 | −1\xa0points [−3,\xa0+0.4] of it |" in table


@pytest.mark.parametrize("rows", [[], [{"a": "1"}, {"b": "1"}]])
def test_a_table_needs_rows_with_the_same_columns(rows):
    with pytest.raises(ValueError, match="at least one row"):
        markdown_table(rows)
