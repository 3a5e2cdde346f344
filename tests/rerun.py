"""Runs every cell of notebooks twice, as learners do: `python -m tests.rerun [numbers]`. It takes twice their time.

A cell that fails the second time fails here. Cells that say something else the second time are listed, because that
may be right (a measured time) or a cell that spoils what it works on.
"""

import copy
import sys

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from utils.course import chosen_paths, notebook_client


def twice(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook with the code cells of another, each of them two times in a row."""
    doubled = copy.deepcopy(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    doubled.cells = [copy.deepcopy(cell) for cell in cells for _ in range(2)]
    for number, cell in enumerate(doubled.cells):
        cell.id = f"cell-{number}"
    return doubled


def said(cell: NotebookNode) -> str:
    """Return what a cell printed and showed, as text."""
    return "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])
    )


def changed_cells(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return what the cells of a doubled, executed notebook said first and then, where it differs."""
    said_by = [said(cell) for cell in notebook.cells]
    pairs = zip(said_by[::2], said_by[1::2], strict=True)
    return [(first, second) for first, second in pairs if first != second]


def main(numbers: list[str]) -> int:
    """Run the notebooks with these numbers, all lessons without one; return 1 if any fails."""
    failed = 0
    for path in chosen_paths(numbers):
        if path.parent.name == "solutions":
            continue
        notebook = twice(nbformat.read(path, as_version=4))
        try:
            notebook_client(notebook, path.parent).execute()
        except CellExecutionError as error:
            print(f"{path.stem}: FAILED\n{error}", flush=True)
            failed += 1
            continue
        changed = changed_cells(notebook)
        print(
            f"{path.stem}: {len(notebook.cells) // 2} cells ran twice, {len(changed)} said something else", flush=True
        )
        for first, second in changed:
            print(f"--- first\n{first[:600]}\n--- then\n{second[:600]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
