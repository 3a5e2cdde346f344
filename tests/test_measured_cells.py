"""What the notebooks print from data/results/ is what the files say now: cells tagged "measured" are run again.

Such a cell needs no generator: it reads results files, and so a digit that is changed in its output, or in a file, is
noticed. Of each notebook only its imports, its helpers (tagged "measured-needs") and these cells are run.
"""

import ast
import copy
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from utils.data import DATA_FOLDER

NOTEBOOKS = DATA_FOLDER.parent / "notebooks"
PREAMBLE = """
from utils.data import load_facts
from utils.experiments import load_settings
from utils.experiments.protocol import handbook_passages
from utils.models import load_embedder

facts, settings = load_facts(), load_settings()
passages = handbook_passages(load_embedder(), settings)
"""
WITH_RESULTS = ["03_rag_system", "05_lora_fine_tuning", "06_fine_tuning_applications", "07_head_to_head", "08_choosing"]


def is_tagged(cell, *tags) -> bool:
    return bool(set(tags) & set(cell.metadata.get("tags", [])))


def imports_of(cells) -> str:
    """Return the import statements of cells."""
    statements = [node for cell in cells for node in ast.parse(cell.source).body]
    return "\n".join(ast.unparse(node) for node in statements if isinstance(node, ast.Import | ast.ImportFrom))


def shown_text(cell) -> list[str]:
    """Return what a cell prints and shows, without pictures."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif "image/png" not in output.data:
            texts += [str(output.data[kind]) for kind in sorted(output.data) if kind.startswith("text/")]
    return [re.sub(r" object at 0x\w+", "", text) for text in texts]


def run_measured_cells(notebook):
    """Return the tagged cells of a notebook as they are now and as they come out when they are run again."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kept = [copy.deepcopy(cell) for cell in code if is_tagged(cell, "measured", "measured-needs")]
    first = [new_code_cell(code[0].source), new_code_cell(imports_of(code[1:])), new_code_cell(PREAMBLE)]
    again = new_notebook(cells=[*first, *kept])
    NotebookClient(
        again, timeout=600, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": NOTEBOOKS}}
    ).execute()
    measured = [cell for cell in code if is_tagged(cell, "measured")]
    return list(zip(measured, [cell for cell in again.cells if is_tagged(cell, "measured")], strict=True))


@pytest.mark.parametrize("name", WITH_RESULTS)
def test_measured_cells_show_what_the_results_files_say(name):
    pairs = run_measured_cells(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))
    assert sum(bool(shown_text(committed)) for committed, _ in pairs) >= 2
    for committed, again in pairs:
        assert shown_text(committed) == shown_text(again), committed.source


def test_one_changed_digit_in_an_output_is_noticed():
    cell = new_code_cell("print('58 %')", metadata={"tags": ["measured"]})
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="59 %\n")]
    set_up = nbformat.read(NOTEBOOKS / f"{WITH_RESULTS[0]}.ipynb", as_version=4).cells[1]
    notebook = new_notebook(cells=[set_up, cell])
    [(committed, again)] = run_measured_cells(notebook)
    assert shown_text(committed) != shown_text(again)
