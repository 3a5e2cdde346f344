"""Published trends beside the course's own figures: does a difference of ours have the sign that a paper claims?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from utils.choice.measured import Measured, figures_of
from utils.choice.published import Trend
from utils.metrics import Interval

Verdict = Literal["agrees", "disagrees", "cannot tell"]


@dataclass(frozen=True)
class TrendRow:
    """A trend beside what the course measured."""

    trend: Trend
    measured: Measured
    verdict: Verdict

    def cells(self) -> dict[str, str]:
        """Return the row's texts by column."""
        return {
            "published": f"**{self.trend.source}** {self.trend.statement} ({self.trend.seen})",
            "direction": self.trend.direction,
            "measured here": str(self.measured),
            "verdict": f"**{self.verdict}**",
            "what differs": self.trend.caveat,
        }


def in_claimed_direction(difference: Interval, expected: int) -> Interval:
    """Return a difference turned so that it is positive where the claim holds. `expected` is its sign, +1 or -1."""
    if expected not in (1, -1):
        raise ValueError(f"expected is {expected}; it is the sign that a claim gives to a difference, 1 or -1.")
    if expected == 1:
        return difference
    return Interval(-difference.estimate, -difference.high, -difference.low)


def verdict(difference: Interval, expected: int) -> Verdict:
    """Tell whether an interval lies on the claimed side of zero, on the other side, or holds zero (its ends count)."""
    turned = in_claimed_direction(difference, expected)
    if turned.low > 0:
        return "agrees"
    return "disagrees" if turned.high < 0 else "cannot tell"


def trend_rows(trends: tuple[Trend, ...], measured: Mapping[str, Measured]) -> list[TrendRow]:
    """Return each trend with our figure and the verdict. Raises ValueError for a trend whose figure is missing."""
    figures = figures_of([trend.key for trend in trends], measured)
    return [
        TrendRow(trend, figure, verdict(figure.interval, trend.expected))
        for trend, figure in zip(trends, figures, strict=True)
    ]
