"""Checks that this machine has what the course needs, and estimates what each notebook takes here."""

from utils.machine.checks import CheckLine, check_machine, checks_text
from utils.machine.speed import estimate_minutes, measure_speed, read_timings

__all__ = [
    "CheckLine",
    "check_machine",
    "checks_text",
    "estimate_minutes",
    "measure_speed",
    "read_timings",
]
