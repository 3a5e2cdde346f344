"""What this machine has. Packages are imported inside the functions, so that a missing one stops only its own check."""

import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from utils.models.weights import PackagedWeights


def installed_version(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def available_memory() -> int:
    """Return the memory in bytes that programs can have without swapping."""
    import psutil

    return psutil.virtual_memory().available


def free_disk(folder: Path) -> int:
    """Return the free bytes on the disk where a folder lies or would lie. Raises OSError when it cannot be asked."""
    there = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()), folder)
    return shutil.disk_usage(there).free


def usable_cores() -> int:
    """Return the number of logical cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def models_cache() -> Path:
    """Return the folder of the converted models, which need not exist yet."""
    from utils.models.weights import cache_folder

    return cache_folder()


def packaged_models() -> "list[PackagedWeights]":
    """Return the course's two models as their packages hold them."""
    from utils.models.weights import EMBEDDER_WEIGHTS, GENERATOR_WEIGHTS

    return [EMBEDDER_WEIGHTS, GENERATOR_WEIGHTS]


def converted_generator() -> Path:
    """Return the folder in which `utils.models.weights.converted_folder` keeps the generator; it need not exist yet."""
    from utils.models.weights import GENERATOR_WEIGHTS

    return models_cache() / f"{GENERATOR_WEIGHTS.module}-{GENERATOR_WEIGHTS.sha256[:12]}"


def precision_in_use() -> str:
    """Return the number format that the models compute in, "bfloat16" say. Raises ValueError as `best_dtype` does."""
    from utils.models.generator import best_device, best_dtype

    return str(best_dtype(best_device())).removeprefix("torch.")


def gpu_name() -> str | None:
    """Return the name of the GPU that the models run on, or None when they run on the processor."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
