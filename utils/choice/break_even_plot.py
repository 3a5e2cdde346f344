"""The figure of the break-even: queries against context tokens, on logarithmic axes."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from utils.plots import COLOURS, style_axes

LINES = ["-o", "--s", "-.^", ":D", "-x"]


def plot_break_even(
    curves: Mapping[str, Sequence[float]], context_tokens: Sequence[float], *, legend: str, ylabel: str, title: str
) -> Axes:
    """Draw one line of break-even queries for each name, over the tokens that RAG adds to a prompt.

    `legend` says what the names are. Above a line training is cheaper, below it RAG. Raises ValueError
    for more curves than there are line styles.
    """
    if len(curves) > len(LINES):
        raise ValueError(f"{len(curves)} curves, but only {len(LINES)} can be told apart: draw fewer.")
    _, axes = plt.subplots(figsize=(8, 4))
    for (name, queries), line, colour in zip(curves.items(), LINES, COLOURS, strict=False):
        axes.plot(context_tokens, queries, line, color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(context_tokens, [f"{tokens:,.0f}" for tokens in context_tokens])
    axes.set_xlabel("context tokens that RAG adds to a query")
    axes.set_ylabel(ylabel)
    axes.set_title(title)
    style_axes(axes)
    axes.legend(title=legend, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    plt.tight_layout()
    return axes
