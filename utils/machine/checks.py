"""The checks: each takes what the machine has and says whether it is enough, and what to do if it is not.

Packages are imported inside the functions that use them, so that a missing one becomes a line of the checks.
"""

import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from utils.colab import wanted
from utils.machine import probes

if TYPE_CHECKING:
    from utils.models.weights import PackagedWeights

REQUIREMENTS_FILE = Path(__file__).resolve().parents[2] / "requirements.txt"
PYTHON_NEEDED = (3, 11)
MEMORY_NEEDED = 4e9  # bytes
DISK_NEEDED = 1.5e9  # bytes: the converted generator, 0.6 GB, and room for what the course writes
CORES_NEEDED = 2
PACKAGES_ADVICE = (
    "In the course's folder run: python -m pip install --requirement requirements.txt – then restart the kernel."
)
COLUMNS = 110


@dataclass(frozen=True)
class CheckLine:
    """What one check found, and what to do about it: `advice` is empty when `ok`."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def check_machine() -> list[CheckLine]:
    """Return one line for each thing that the course needs of this machine; nothing is installed or prepared.

    Raises nothing: what cannot be looked at becomes a line that is not ok.
    """
    checks: dict[str, Callable[[], CheckLine]] = {
        "Python": lambda: check_python(tuple(sys.version_info[:3])),
        "packages": lambda: check_packages(course_requirements("google.colab" in sys.modules)),
        "memory": lambda: check_memory(probes.available_memory()),
        "disk": lambda: check_disk(probes.free_disk(probes.models_cache())),
        "processor": lambda: check_cores(probes.usable_cores()),
        "number format": lambda: check_precision(probes.precision_in_use()),
        "GPU": lambda: check_gpu(probes.gpu_name()),
        "models": lambda: check_models(probes.packaged_models(), probes.converted_generator()),
    }
    return [guarded(name, check) for name, check in checks.items()]


def guarded(name: str, check: Callable[[], CheckLine]) -> CheckLine:
    """Return a check's line, or a line that is not ok when the check raises OSError, ImportError or ValueError."""
    try:
        return check()
    except ImportError as error:
        found = f"{error.name or 'a package'} cannot be imported"
        advice = PACKAGES_ADVICE
    except OSError as error:
        found = error.strerror or type(error).__name__  # the full text may name a folder of this machine
        advice = "See that this program may read the course's folder and the models' cache."
    except ValueError as error:
        found, advice = "a setting or file is wrong", str(error)
    return CheckLine(name, False, f"cannot be checked: {found}", advice)


def check_python(found: tuple[int, ...]) -> CheckLine:
    """Check a Python version, given as (major, minor, micro)."""
    ok = found >= PYTHON_NEEDED
    advice = "" if ok else "Install Python 3.11 or later, then set up the course with it."
    return CheckLine("Python", ok, ".".join(map(str, found)), advice)


def course_requirements(in_colab: bool) -> str:
    """Return the lines of requirements.txt; in Colab without those that its own kernel takes the place of."""
    text = REQUIREMENTS_FILE.read_text(encoding="utf-8")
    return "\n".join(wanted(text)) if in_colab else text


def check_packages(requirements: str, installed: Callable[[str], str | None] = probes.installed_version) -> CheckLine:
    """Check that every line of a requirements file is met; names those that are missing or out of range.

    `installed` gives a package's version, or None when it is not there (default: what this Python has). Raises
    ValueError for a line that is no requirement (PEP 508).
    """
    from packaging.requirements import Requirement

    lines = [line.split("#")[0].strip() for line in requirements.splitlines()]
    wanted = [Requirement(line) for line in lines if line]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    faults = []
    for each in wanted:
        has = installed(each.name)
        if has is None:
            faults.append(f"{each.name} is missing")
        elif not each.specifier.contains(has, prereleases=True):
            faults.append(f"{each.name} {has} is not {each.specifier}")
    if faults:
        return CheckLine("packages", False, "; ".join(faults), PACKAGES_ADVICE)
    return CheckLine("packages", True, f"all {len(wanted)} are installed, in the versions that the course allows")


def check_memory(available: float) -> CheckLine:
    """Check the free memory, in bytes."""
    advice = "Close other programs and notebooks that you do not need, and shut down their kernels."
    return enough("memory", available, MEMORY_NEEDED, advice)


def check_disk(free: float) -> CheckLine:
    """Check the free space, in bytes, on the disk where the models' cache lies."""
    advice = "Free some space, or let the environment variable RETRIEVE_OR_TUNE_CACHE name a folder on another disk."
    return enough("disk", free, DISK_NEEDED, advice)


def enough(name: str, free: float, needed: float, advice: str) -> CheckLine:
    """Return the line of something that is counted in bytes."""
    ok = free >= needed
    tail = "" if ok else f", {needed / 1e9:g} GB are needed"
    return CheckLine(name, ok, f"{free / 1e9:.1f} GB free{tail}", "" if ok else advice)


def check_cores(cores: int) -> CheckLine:
    """Check the number of processor cores that this program may use."""
    ok = cores >= CORES_NEEDED
    advice = "The course runs, but about half as fast. A virtual machine or container can be given a second core."
    return CheckLine("processor", ok, f"{cores} core{'s' if cores != 1 else ''}", "" if ok else advice)


def check_precision(dtype: str) -> CheckLine:
    """Say in which number format the course computes; every one will do."""
    slower = {"float32": ", which runs everywhere; a processor with native bfloat16 would be faster"}
    return CheckLine("number format", True, dtype + slower.get(dtype, ""))


def check_gpu(name: str | None) -> CheckLine:
    """Say whether a GPU computes (its name) or the processor (None); both will do."""
    return CheckLine("GPU", True, name or "none is used, and none is needed: the processor computes")


def check_models(models: "Sequence[PackagedWeights]", converted: Path) -> CheckLine:
    """Check the SHA-256 of packaged weights, and tell whether the generator is in its cache folder already."""
    from utils.models.weights import INSTALL_COMMAND, find_weights, is_complete

    faults, command = [], INSTALL_COMMAND
    for weights in models:
        try:
            find_weights(weights)
        except FileNotFoundError:
            faults.append(f"{weights.package} is not installed")
        except ValueError:
            faults.append(f"{weights.package} is damaged or has been replaced")
            command = f"{INSTALL_COMMAND} --force-reinstall"
    if faults:
        return CheckLine("models", False, "; ".join(faults), f"In the course's folder run: {command}")
    if is_complete(converted):
        return CheckLine("models", True, "both have the right SHA-256, and the generator is in the cache")
    return CheckLine(
        "models", True, "both have the right SHA-256; the generator will be prepared in about half a minute"
    )


def checks_text(lines: Sequence[CheckLine]) -> str:
    """Return the lines as text of at most 110 columns: ✓ or ✗, name, what was found, and below it what to do."""
    width = max((len(line.name) for line in lines), default=0)
    indent = " " * (width + 4)
    rows = []
    for line in lines:
        start = f"{'✓' if line.ok else '✗'} {line.name:<{width}}  "
        rows.append(textwrap.fill(line.found, COLUMNS, initial_indent=start, subsequent_indent=indent))
        if line.advice:
            rows.append(textwrap.fill(f"→ {line.advice}", COLUMNS, initial_indent=indent, subsequent_indent=indent))
    return "\n".join(rows)
