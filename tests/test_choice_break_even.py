"""The break-even between training once and reading passages in every query: values by hand, limits, the widget."""

import math

import matplotlib
import matplotlib.pyplot as plt
import pytest

from utils.choice.break_even import (
    LIMITS,
    Workload,
    break_even_from_seconds,
    break_even_queries,
    cheaper,
    extra_cost,
    queries_text,
)
from utils.choice.break_even_plot import LINES, plot_break_even
from utils.choice.widgets import LABELS, START, break_even_widget

matplotlib.use("Agg")

BY_HAND = Workload(training_tokens=20_000, epochs=8, context_tokens=200)  # 2 · 8 · 20,000 / 200 = 1,600


@pytest.fixture(autouse=True)
def figures_closed():
    yield
    plt.close("all")


def test_the_break_even_by_hand():
    assert break_even_queries(BY_HAND) == 1600
    assert break_even_queries(Workload(1000, 1, 50, training_cost_ratio=3)) == 60
    assert break_even_queries(Workload(1000, 0.5, 50)) == 20


def test_both_costs_by_hand():
    assert extra_cost(BY_HAND, 0) == (0, 320_000)
    assert extra_cost(BY_HAND, 100) == (20_000, 320_000)


@pytest.mark.parametrize(("queries", "winner"), [(0, "RAG"), (1599, "RAG"), (1600, "equal"), (1601, "LoRA")])
def test_which_way_is_cheaper_changes_at_the_break_even(queries, winner):
    assert cheaper(BY_HAND, queries) == winner


@pytest.mark.parametrize(("field", "more"), [("training_tokens", 1), ("epochs", 1), ("training_cost_ratio", 1)])
def test_dearer_training_moves_the_break_even_up(field, more):
    dearer = Workload(**{**vars(BY_HAND), field: vars(BY_HAND)[field] + more})
    assert break_even_queries(dearer) > break_even_queries(BY_HAND)


def test_longer_prompts_move_it_down():
    assert break_even_queries(Workload(20_000, 8, 400)) == 800


@pytest.mark.parametrize("field", list(LIMITS))
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, 10**13])
def test_a_value_outside_the_limits_is_named_with_its_range(field, value):
    low, high = LIMITS[field]
    with pytest.raises(ValueError, match=f"{field} is {value}: it must be a number from {low:,} to {high:,}"):
        Workload(**{**vars(BY_HAND), field: value})


def test_limits_themselves_are_allowed():
    for end in (0, 1):
        assert break_even_queries(Workload(**{name: limits[end] for name, limits in LIMITS.items()})) > 0


@pytest.mark.parametrize("of", [extra_cost, cheaper])
def test_negative_queries_are_refused(of):
    with pytest.raises(ValueError, match="queries is -1: it must be a number at least 0"):
        of(BY_HAND, -1)


def test_in_seconds_by_hand():
    assert break_even_from_seconds(1500, rag_seconds=0.75, closed_book_seconds=0.25) == 3000
    assert break_even_from_seconds(0, rag_seconds=2, closed_book_seconds=1) == 0


@pytest.mark.parametrize("closed_book", [0.5, 0.6])
def test_training_never_pays_if_a_closed_book_query_is_no_faster(closed_book):
    assert queries_text(break_even_from_seconds(1500, 0.5, closed_book)) == "never"


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_impossible_times_are_named(place, value):
    times = [1.0, 1.0, 1.0]
    times[place] = value
    name = ("training_seconds", "rag_seconds", "closed_book_seconds")[place]
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        break_even_from_seconds(*times)


def test_queries_read_well():
    assert queries_text(1234.5678) == "1,200" and queries_text(11_434_454) == "11,000,000"


def test_the_figure_has_a_distinct_line_for_each_curve():
    axes = plot_break_even(
        {"weekly": [30, 20, 10], "daily": [60, 40, 20]}, [64, 128, 256], legend="when", ylabel="y", title="t"
    )
    assert [list(line.get_ydata()) for line in axes.lines] == [[30, 20, 10], [60, 40, 20]]
    assert len({(line.get_marker(), line.get_linestyle(), line.get_color()) for line in axes.lines}) == 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["weekly", "daily"]
    assert axes.get_legend().get_title().get_text() == "when"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_too_many_curves_for_the_figure_are_refused():
    with pytest.raises(ValueError, match="draw fewer"):
        plot_break_even({str(n): [1] for n in range(len(LINES) + 1)}, [64], legend="when", ylabel="y", title="t")


def test_the_calculator_follows_its_numbers():
    box = break_even_widget()
    assert list(box.boxes) == list(LABELS) == list(LIMITS) == list(START)
    assert "<b>1,600</b>" in box.result.value and "With 1,000 queries RAG is cheaper" in box.result.value
    box.queries.value = 1600
    assert "both cost the same" in box.result.value
    box.boxes["context_tokens"].value = 400
    assert "<b>800</b>" in box.result.value and "With 1,600 queries LoRA is cheaper" in box.result.value


@pytest.mark.parametrize("name", list(LIMITS))
def test_the_calculators_numbers_stay_within_the_limits(name):
    box = break_even_widget()
    for value, end in [(-5, 0), (10**15, 1)]:
        box.boxes[name].value = value
        assert box.boxes[name].value == LIMITS[name][end]
        assert "Break-even" in box.result.value


def test_an_error_is_shown_in_the_calculator_and_the_next_number_works():
    box = break_even_widget()
    box.boxes["epochs"].min = -1
    box.boxes["epochs"].value = -1
    assert "That did not work: epochs is -1" in box.result.value
    box.boxes["epochs"].value = 8
    assert "<b>1,600</b>" in box.result.value
