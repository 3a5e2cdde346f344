"""The course's figures: one message each, readable in black and white and for the colour-blind."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.metrics import Interval

# Okabe & Ito's palette, which the common forms of colour blindness can tell apart
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
COLOURS = [BLUE, ORANGE, GREEN, VERMILION, GREY]
BESIDE = {"frameon": False, "loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}  # a legend that covers no data
HATCHES = ["", "//", "..", "xx", "--"]


def style_axes(axes: Axes) -> None:
    """Remove the frame's top and right lines and put a light grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def plot_intervals(
    groups: dict[str, dict[str, Interval]], *, ylabel: str, title: str, reference: dict[str, float] | None = None
) -> Axes:
    """Draw grouped bars with 95 % intervals: one group for each key, one bar for each series of `groups[key]`.

    Values are shares of 1 and are shown in per cent. `reference` draws a dashed line with its label at each value.
    """
    series = list(next(iter(groups.values())))
    width = 0.8 / len(series)
    _, axes = plt.subplots(figsize=(8, 4))
    for number, name in enumerate(series):
        positions = np.arange(len(groups)) + (number - (len(series) - 1) / 2) * width
        intervals = [of_group[name] for of_group in groups.values()]
        heights = np.array([100 * interval.estimate for interval in intervals])
        below = heights - [100 * interval.low for interval in intervals]
        above = np.array([100 * interval.high for interval in intervals]) - heights
        for position, height in zip(positions, heights, strict=True):
            if height == 0:
                axes.text(position, 1.5, "0", ha="center")  # a bar of no height would look like missing data
        axes.bar(
            positions,
            heights,
            width * 0.9,
            yerr=np.clip([below, above], 0, None),
            capsize=3,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            label=name if len(series) > 1 else "_nolegend_",
        )
    axes.errorbar([], [], yerr=[], color="black", capsize=3, linestyle="none", label="95 % interval")
    for label, value in (reference or {}).items():
        axes.axhline(100 * value, color="black", linestyle="--", linewidth=1, label=label)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(ylabel)
    axes.set_ylim(0, 105)
    axes.set_title(title)
    style_axes(axes)
    axes.legend(**BESIDE)
    plt.tight_layout()
    return axes


def plot_losses(losses: list[float], *, window: int = 10) -> Axes:
    """Draw the training loss of each step, and its running mean over `window` steps."""
    _, axes = plt.subplots(figsize=(7, 3.5))
    axes.plot(range(1, len(losses) + 1), losses, color=GREY, alpha=0.5, linewidth=1, label="one step")
    if len(losses) >= window:
        means = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(range(window, len(losses) + 1), means, color=BLUE, linewidth=2, label=f"mean of {window} steps")
    axes.set_xlabel("optimiser step")
    axes.set_ylabel("loss (nats per answer token)")
    axes.set_ylim(bottom=0)
    axes.set_title("The loss while the adapter learns")
    style_axes(axes)
    axes.legend(frameon=False)
    plt.tight_layout()
    return axes


def plot_curves(curves: dict[str, tuple[list[float], list[Interval]]], *, xlabel: str, ylabel: str, title: str) -> Axes:
    """Draw lines with bands for their 95 % intervals; `curves` maps a name to x values and intervals (shares of 1)."""
    _, axes = plt.subplots(figsize=(7, 4))
    styles = ["-o", "--s", "-.^", ":D", "-x"]
    for number, (name, (xs, intervals)) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(xs, [100 * i.estimate for i in intervals], styles[number % len(styles)], color=colour, label=name)
        axes.fill_between(
            xs, [100 * i.low for i in intervals], [100 * i.high for i in intervals], color=colour, alpha=0.15
        )
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_ylim(-3, 105)  # points at zero are shown whole
    axes.set_title(title)
    style_axes(axes)
    axes.legend(title="bands: 95 % intervals", **BESIDE)
    plt.tight_layout()
    return axes
