"""`python -m utils.readme` fills the README's measured passages and its figure from data/results/."""

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt

from utils.course import NOTEBOOKS_FOLDER, TIMINGS_FILE
from utils.data import DATA_FOLDER, items_for, load_facts
from utils.experiments import ArmScores, read_results
from utils.plots import plot_intervals

README_FILE = DATA_FOLDER.parent / "README.md"
FIGURE_FILE = DATA_FOLDER / "results" / "head_to_head.png"
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
    lines = ["| notebook | question | seconds | peak memory |", "|---|---|---|---|"]
    for path in sorted(NOTEBOOKS_FOLDER.glob("[0-9]*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        question = re.search(r"\*\*Question: (.*?)\*\*", first, re.DOTALL)[1].replace("\n", " ")
        timing = content["notebooks"][path.stem]
        link = f"[{path.stem}](notebooks/{path.name})"
        lines.append(f"| {link} | {question} | {timing['seconds']:.0f} | {timing['peak_megabytes'] / 1000:.1f} GB |")
    machine = content["machine"]
    lines.append(f"\nMeasured on {machine['system']}, {machine['cores']} cores, computing in {machine['precision']}.")
    return "\n".join(lines)


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
