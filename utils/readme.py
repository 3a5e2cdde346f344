"""`python -m utils.readme` fills the measured passages of README and notebooks, and the figure, from data/results/."""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat

from utils.course import NOTEBOOKS_FOLDER, TIMINGS_FILE, write_notebook
from utils.data import COURSE_FOLDER, DATA_FOLDER, items_for, load_facts
from utils.experiments import ArmScores, read_results
from utils.plots import plot_intervals

README_FILE = COURSE_FOLDER / "README.md"
FIGURE_FILE = DATA_FOLDER / "results" / "head_to_head.png"
TIME_LINE = re.compile(r"^\*\*Time:\*\* .*$", re.MULTILINE)
SHOWN_ARMS = ("base", "base + RAG", "questions adapter", "reader adapter + RAG")


def head_to_head() -> dict[str, list[ArmScores]]:
    """Return the committed results of the head-to-head by split."""
    facts = load_facts()
    return read_results("head_to_head", [*items_for(facts, "train"), *items_for(facts, "test")])


def head_to_head_passage() -> str:
    """Return the head-to-head as a Markdown table: containment by arm and split, with 95 % intervals."""
    splits = head_to_head()
    heads = [f"{split} (n = {len(arms[0].items)})" for split, arms in splits.items()]
    rows = [
        [arms[0].arm, *(str(arm.interval("containment")) for arm in arms)]
        for arms in zip(*splits.values(), strict=True)
    ]
    lines = [["replies that contain the answer", *heads], ["---"] * (len(heads) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times_passage() -> str:
    """Return the map of the course as a Markdown table with the measured time and memory of each notebook."""
    content = json.loads(TIMINGS_FILE.read_text(encoding="utf-8"))
    lines = ["| notebook | question | minutes | in float32 | peak memory |", "|---|---|---|---|---|"]
    for path in sorted(NOTEBOOKS_FOLDER.glob("[0-9]*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        question = re.search(r"\*\*Question: (.*?)\*\*", first, re.DOTALL)[1].replace("\n", " ")
        timing = content["notebooks"][path.stem]
        link = f"[{path.stem}](notebooks/{path.name})"
        times = f"{minutes(timing)} | {float32_minutes(path.stem, content)}"
        lines.append(f"| {link} | {question} | {times} | {timing['peak_megabytes'] / 1000:.1f} GB |")
    total = sum(timing["seconds"] for timing in content["notebooks"].values())
    lines.append(f"| all | | {total / 60:.1f} | | |")
    machine = content["machine"]
    lines.append(f"\nMeasured on {machine['system']}, {machine['cores']} cores, computing in {machine['precision']}.")
    return "\n".join(lines)


def minutes(timing: dict[str, float]) -> str:
    """Return a notebook's time in minutes, as it is written."""
    return f"{timing['seconds'] / 60:.1f}"


def float32_minutes(name: str, content: dict[str, Any]) -> str:
    """Return a notebook's time in 32 bits in minutes, or a dash where it was not measured."""
    timing = content.get("float32", {}).get(name)
    return minutes(timing) if timing else "–"


def time_line(name: str, content: dict[str, Any]) -> str:
    """Return the line of a notebook's first cell that says how long it runs, from the content of timings.json."""
    machine = content["machine"]
    text = (
        f"**Time:** {minutes(content['notebooks'][name])} minutes on {machine['cores']} cores in {machine['precision']}"
    )
    in_float32 = float32_minutes(name, content)
    return f"{text}, {in_float32} in float32." if in_float32 != "–" else f"{text}."


def fill_notebook(path: Path, content: dict[str, Any]) -> None:
    """Write a notebook's measured time into its first cell. Raises ValueError when there is no line for it."""
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0]
    if len(TIME_LINE.findall(first.source)) != 1:
        raise ValueError(f"{path.name}: the first cell needs one line that begins with **Time:**.")
    first.source = TIME_LINE.sub(time_line(path.stem, content), first.source)
    write_notebook(notebook, path)


PASSAGES = {"head-to-head": head_to_head_passage, "times": times_passage}


def fill(text: str) -> str:
    """Return a README with what stands between each pair of markers replaced by what was measured."""
    for name, passage in PASSAGES.items():
        opening, closing = f"<!-- measured: {name} -->\n", f"<!-- end of {name} -->"
        if opening not in text or closing not in text:
            raise ValueError(f"The README has no markers for {name!r}.")
        before, rest = text.split(opening, 1)
        after = rest.split(closing, 1)[1]
        text = f"{before}{opening}{passage()}\n{closing}{after}"
    return text


def draw_figure(path: Path) -> None:
    """Draw the head-to-head from the committed results."""
    splits = head_to_head()
    n = " / ".join(str(len(arms[0].items)) for arms in splits.values())
    groups = {
        split.replace(" facts, ", "\nfacts,\n"): {
            arm.arm: arm.interval("containment") for arm in arms if arm.arm in SHOWN_ARMS
        }
        for split, arms in splits.items()
    }
    plot_intervals(
        groups,
        ylabel="replies that contain the answer (%)",
        title=f"One small model, four ways to use it (n = {n}, 95 % intervals)",
    )
    plt.savefig(path, dpi=110)
    plt.close()


if __name__ == "__main__":
    README_FILE.write_text(fill(README_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    draw_figure(FIGURE_FILE)
    timings = json.loads(TIMINGS_FILE.read_text(encoding="utf-8"))
    for lesson in sorted(NOTEBOOKS_FOLDER.glob("[0-9]*.ipynb")):
        fill_notebook(lesson, timings)
