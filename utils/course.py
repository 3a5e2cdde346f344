"""Executes the notebooks: `python -m utils.course` into build/, with `--in-place` over the committed ones.

`--float32` measures what they take on a processor without native bfloat16.
"""

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from utils.data import COURSE_FOLDER, DATA_FOLDER, write_json
from utils.experiments.results import describe_machine
from utils.machine import measure_speed
from utils.models.generator import PRECISION_VARIABLE

NOTEBOOKS_FOLDER = COURSE_FOLDER / "notebooks"
BUILD_FOLDER = COURSE_FOLDER / "build"
TIMINGS_FILE = DATA_FOLDER / "results" / "timings.json"
HEAD_TO_HEAD = "07_head_to_head"
CELL_TIMEOUT = 1800  # seconds
SPEED_SECONDS = 3  # how long the machine's speed is measured
POLL_EVERY = 1.0  # seconds between two looks at the memory, which take time from the notebook


@dataclass(frozen=True)
class Timing:
    """What executing a notebook took: wall-clock seconds and the peak memory of its kernel in megabytes."""

    seconds: float
    peak_megabytes: float


class MemoryWatch(threading.Thread):
    """Records the largest resident memory of this process's children while it runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Look at the children again and again until stopped."""
        while not self.stopped.wait(POLL_EVERY):
            total = 0
            for child in psutil.Process(os.getpid()).children(recursive=True):
                try:
                    total += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)


def notebook_client(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """Return what executes a notebook in a fresh kernel that works in a folder."""
    return NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,  # one output for all that a cell prints piece by piece
        extra_arguments=["--log-level=ERROR"],  # else the kernel warns that it talks over TCP on this machine
    )


def execute(path: Path) -> tuple[NotebookNode, Timing]:
    """Execute a notebook from top to bottom in a fresh kernel; raises nbclient's error when a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    client = notebook_client(notebook, path.parent)
    watch = MemoryWatch()
    watch.start()
    started = time.perf_counter()
    try:
        client.execute()
    finally:
        watch.stopped.set()
    timing = Timing(round(time.perf_counter() - started, 1), round(watch.peak_bytes / 1e6))
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook, timing


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook so that an interrupted write leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    nbformat.write(notebook, unfinished)
    unfinished.replace(path)


def head_to_head_table(notebook: NotebookNode) -> str:
    """Return the text of the cell tagged `head-to-head-table`, or a line that says it is missing."""
    for cell in notebook.cells:
        if "head-to-head-table" in cell.metadata.get("tags", []):
            return "\n".join(output["data"]["text/plain"] for output in cell.outputs if "data" in output)
    return "(no cell is tagged head-to-head-table)"


def update_timings(timings: dict[str, Timing], path: Path, *, section: str = "notebooks") -> None:
    """Write measured times into a section of a timings file; notebooks not measured now keep their old entry.

    "notebooks" holds the times in this machine's best precision, with the machine; its speed is measured here, in
    GFLOP/s ("gflops"), so that other machines can estimate their own times. "float32" holds those of `--float32`.
    """
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"machine": {}, "notebooks": {}}
    measured = {name: asdict(timing) for name, timing in timings.items()}
    content[section] = dict(sorted((content.get(section, {}) | measured).items()))
    if section == "notebooks":
        content["machine"] = describe_machine() | {"gflops": round(measure_speed(SPEED_SECONDS), 1)}
    write_json(path, content)


def chosen_paths(numbers: list[str]) -> list[Path]:
    """Return the notebooks with these numbers, then their solutions; all if no number is given."""
    paths = [*sorted(NOTEBOOKS_FOLDER.glob("[0-9]*.ipynb")), *sorted(NOTEBOOKS_FOLDER.glob("solutions/[0-9]*.ipynb"))]
    return [path for path in paths if not numbers or path.name[:2] in numbers]


def run(paths: list[Path], write_to: Path) -> tuple[dict[str, Timing], list[str], str]:
    """Execute notebooks and write them below a folder; return times, failures and the head-to-head table.

    A notebook that fails is not written. Only lessons are timed; solutions take seconds.
    """
    timings: dict[str, Timing] = {}
    failed = []
    table = ""
    for path in paths:
        name = path.relative_to(NOTEBOOKS_FOLDER).with_suffix("").as_posix()
        print(f"{name} …", end=" ", flush=True)
        try:
            notebook, timing = execute(path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"FAILED\n{error}", flush=True)
            failed.append(name)
            continue
        print(f"{timing.seconds:.0f} s, peak memory {timing.peak_megabytes / 1000:.1f} GB", flush=True)
        write_notebook(notebook, write_to / path.relative_to(NOTEBOOKS_FOLDER))
        if path.parent == NOTEBOOKS_FOLDER:
            timings[name] = timing
        if name == HEAD_TO_HEAD:
            table = head_to_head_table(notebook)
    return timings, failed, table


def main(arguments: list[str]) -> int:
    """Execute the chosen notebooks; return 0, or 1 if any of them failed."""
    parser = argparse.ArgumentParser(prog="python -m utils.course", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--in-place", action="store_true", help="write the outputs into notebooks/")
    where.add_argument("--float32", action="store_true", help="compute in 32 bits, and commit only the times")
    parser.add_argument("numbers", nargs="*", help="which notebooks, by their number (all if none is given)")
    chosen = parser.parse_args(arguments)
    paths = chosen_paths(chosen.numbers)
    if not paths:
        parser.error(f"no notebook of {NOTEBOOKS_FOLDER} has a number among {chosen.numbers}")
    if chosen.float32:
        os.environ[PRECISION_VARIABLE] = "float32"  # the notebooks' kernels inherit it
    timings, failed, table = run(paths, NOTEBOOKS_FOLDER if chosen.in_place else BUILD_FOLDER)
    if chosen.float32:
        update_timings(timings, TIMINGS_FILE, section="float32")
    else:
        update_timings(timings, TIMINGS_FILE if chosen.in_place else BUILD_FOLDER / "timings.json")
    total = sum(timing.seconds for timing in timings.values())
    print(f"{len(timings)} notebooks in {total / 60:.1f} minutes.\n{table}")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
