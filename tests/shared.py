"""What the tests of the handbook and of the tasks share."""

import re

from utils.data import DATA_FOLDER

VARIABLE = re.compile(r"\b(?:[A-ZÀ-Þ][\w’'-]*|[\w-]*\d[\w.,:-]*)")


def mask(text: str, *values: str) -> str:
    """Return a sentence with its names, numbers and the given values blanked out."""
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    return " ".join(re.findall(r"\w+|…", VARIABLE.sub("…", text)))


def catalogue_splits() -> dict[str, str]:
    """Return the split of every document, as the catalogue says it."""
    catalogue = (DATA_FOLDER / "build" / "catalogue.md").read_text(encoding="utf-8")
    return {m[1]: m[2] for m in re.finditer(r"^\| ([a-z0-9-]+) \|.*\| (train|dev|test) \|$", catalogue, re.MULTILINE)}
