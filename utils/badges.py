"""`make badges REPO=owner/name` stamps the course's address on GitHub into every badge and set-up cell."""

import re
import sys
from pathlib import Path

import nbformat

from utils.course import NOTEBOOKS_FOLDER, write_notebook
from utils.data import COURSE_FOLDER

README_FILE = COURSE_FOLDER / "README.md"
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
BADGE_ADDRESS = re.compile(r"(?<=https://colab\.research\.google\.com/github/)[^/\s)]+/[^/\s)]+(?=/blob/)")
TEST_ADDRESS = re.compile(r"(?<=https://github\.com/)[^/\s)]+/[^/\s)]+(?=/actions/workflows/)")
SET_UP_ADDRESS = re.compile(r'(?<=COURSE = "https://github\.com/)[^/"]+/[^/"]+(?=")')
ADDRESSES = (BADGE_ADDRESS, TEST_ADDRESS, SET_UP_ADDRESS)


def addresses(text: str) -> set[str]:
    """Return the repositories, as owner/name, that a text's badges and set-up cell name."""
    return {found for pattern in ADDRESSES for found in pattern.findall(text)}


def stamped(text: str, repository: str) -> str:
    """Return a text with another repository in its badges and its set-up cell."""
    for pattern in ADDRESSES:
        text = pattern.sub(repository, text)
    return text


def stamp_notebook(path: Path, repository: str) -> None:
    """Stamp a notebook; its outputs stay as they are."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = stamped(cell.source, repository)
    write_notebook(notebook, path)


def stamp(repository: str) -> int:
    """Stamp all notebooks, solutions and the README; return how many files. Raises ValueError for a malformed name."""
    if not REPOSITORY.fullmatch(repository):
        raise ValueError(
            f"{repository!r} is not of the form owner/name, such as make badges REPO=ada/retrieve-or-tune."
        )
    notebooks = sorted(NOTEBOOKS_FOLDER.glob("**/[0-9]*.ipynb"))
    for path in notebooks:
        stamp_notebook(path, repository)
    unfinished = README_FILE.with_name(README_FILE.name + ".unfinished")
    unfinished.write_text(stamped(README_FILE.read_text(encoding="utf-8"), repository), encoding="utf-8")
    unfinished.replace(README_FILE)
    return len(notebooks) + 1


if __name__ == "__main__":
    try:
        print(f"{stamp(sys.argv[1] if len(sys.argv) > 1 else '')} files stamped.")
    except ValueError as error:
        sys.exit(str(error))
