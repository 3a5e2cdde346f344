"""The picture of published trends beside the course's own figures."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from utils.choice.trends import TrendRow, Verdict, in_claimed_direction
from utils.plots import BLUE, GREY, VERMILION

STYLES: dict[Verdict, dict[str, str]] = {  # told apart by shape and filling as well as by colour
    "agrees": {"marker": "o", "color": BLUE, "markerfacecolor": BLUE},
    "disagrees": {"marker": "X", "color": VERMILION, "markerfacecolor": VERMILION},
    "cannot tell": {"marker": "s", "color": GREY, "markerfacecolor": "white"},
}


def plot_trends(rows: Sequence[TrendRow]) -> Axes:
    """Draw each trend's difference with its 95 % interval, turned so that the right-hand side is the claimed one."""
    _, axes = plt.subplots(figsize=(8, 0.8 + 0.42 * len(rows)))
    for place, row in enumerate(rows):
        draw_interval(axes, place, row)
    for word, style in STYLES.items():
        axes.plot([], [], linestyle="none", markersize=8, label=word, **style)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row.trend.direction} (n = {row.measured.n})" for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("difference in the claimed direction (points)")
    axes.set_title("Does our own figure have the published sign?")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    plt.tight_layout()
    return axes


def draw_interval(axes: Axes, place: int, row: TrendRow) -> None:
    """Draw one trend's interval as a line with a marker at the estimate."""
    turned = in_claimed_direction(row.measured.interval, row.trend.expected)
    style = STYLES[row.verdict]
    axes.plot([100 * turned.low, 100 * turned.high], [place, place], color=style["color"], linewidth=2, zorder=2)
    axes.plot(100 * turned.estimate, place, linestyle="none", markersize=8, zorder=3, **style)
