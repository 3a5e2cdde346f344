"""Tables of texts for notebooks, as Markdown."""

import re
from collections.abc import Sequence

NO_BREAK = "\N{NO-BREAK SPACE}"
FIGURE = re.compile(r"n = \d+|\d %|\d points|\[[+−]?[\d.]+, [+−]?[\d.]+\]")


def markdown_table(rows: Sequence[dict[str, str]]) -> str:
    """Return rows with the same keys as a Markdown table, left-aligned; line breaks inside a cell are kept.

    Raises ValueError for no rows, or for rows whose keys differ.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("A table needs at least one row, and the same columns in each.")
    lines = [list(rows[0]), [":---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(cell_text(cell) for cell in line)} |" for line in lines)


def cell_text(text: str) -> str:
    """Return a text as it may stand in a cell of a Markdown table; figures stay on one line."""
    together = FIGURE.sub(lambda found: found[0].replace(" ", NO_BREAK), text)
    return together.replace("|", "\\|").replace("\n", "<br>")
