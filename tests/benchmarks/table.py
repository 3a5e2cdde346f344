"""What the benchmarks share: rows of a table, and timing calls by turns."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    figure: str
    value: float
    aim: str = ""


def report(message: str) -> None:
    """Say on the error stream what is being done, and when."""
    print(f"{time.strftime('%H:%M:%S')} {message} …", file=sys.stderr, flush=True)


def take_turns(calls: list[Callable[[], object]], runs: int) -> list[float]:
    """Return each call's median seconds, when they take turns `runs` times, after one of each that does not count."""
    for call in calls:
        call()
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, taken in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    return [median(taken) for taken in seconds]


def alternate(first: Callable[[], object], second: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the median seconds of two calls that take turns `runs` times, after one of each that does not count."""
    first_seconds, second_seconds = take_turns([first, second], runs)
    return first_seconds, second_seconds


def print_table(rows: list[Row], title: str) -> None:
    """Print the table with its title."""
    width = max(len(row.figure) for row in rows)
    print(title)
    for row in rows:
        print(f"{row.figure:<{width}}  {row.value:>12,.4g}  {row.aim}".rstrip())
