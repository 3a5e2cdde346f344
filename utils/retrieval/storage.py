"""Indexes on disk: a manifest that names each file with its SHA-256 and carries its own, replaced in one step.

The data files carry their hash in their names and are written first; the manifest is renamed into place last. Until
then a reader sees the old manifest and the old files, so an interrupted save loses nothing.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.corpus import Passage
from utils.data.files import write_json

MANIFEST = "manifest.json"
FORMAT = "retrieve-or-tune index, version 1"
NAME = re.compile(r"\w[\w.-]*")
STORED = re.compile(r"[0-9a-f]{16}-\w[\w.-]*")  # what a data file is called on disk


@dataclass(frozen=True)
class SavedIndex:
    """An index as it lies on disk: the type of retriever, what to know about it, and its files by name."""

    retriever: str
    about: dict[str, Any]
    files: dict[str, bytes]


def write_index(folder: Path, saved: SavedIndex) -> None:
    """Write an index into a folder, which may hold an older one; what only that one needed is removed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = {}
    for name, content in saved.files.items():
        digest = hashlib.sha256(content).hexdigest()
        stored = f"{digest[:16]}-{name}"
        unfinished = folder / f"{stored}.unfinished"
        unfinished.write_bytes(content)
        unfinished.replace(folder / stored)
        listed[name] = {"file": stored, "sha256": digest}
    manifest = {"format": FORMAT, "retriever": saved.retriever, "about": saved.about, "files": listed}
    write_json(folder / MANIFEST, manifest | {"sha256": digest_of(manifest)})
    needed = {entry["file"] for entry in listed.values()}
    for path in folder.iterdir():
        if STORED.fullmatch(path.name) and path.name not in needed:
            path.unlink()


def digest_of(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest's content."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def read_index(folder: Path, retriever: str, embedder_name: str | None = None) -> SavedIndex:
    """Read the index in a folder.

    Raises FileNotFoundError when there is none, and ValueError when it belongs to another type of retriever, was built
    with another embedder than `embedder_name`, or has a file that is missing or damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. `save` writes an index into a folder.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        digest = manifest.pop("sha256")
        if manifest["format"] != FORMAT or digest != digest_of(manifest):
            raise ValueError
        found, about, listed = manifest["retriever"], manifest["about"], manifest["files"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{path}: not the manifest of an index ({FORMAT}), or damaged. Build the index again."
        ) from None
    if found != retriever:
        raise ValueError(f"{folder}: this is a {found} index, not a {retriever} one.")
    if about.get("embedder") != embedder_name:
        raise ValueError(
            f"{folder}: built with the embedder {about.get('embedder')!r}, but the one here is {embedder_name!r}: "
            "their vectors cannot be compared. Build the index again."
        )
    return SavedIndex(retriever, about, {name: read_file(folder, name, entry) for name, entry in listed.items()})


def read_file(folder: Path, name: str, entry: dict[str, str]) -> bytes:
    """Return a file's content; raise ValueError when it is missing or not what was saved, or its name is a path."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{folder / MANIFEST}: {name!r} is not the name of a file of an index. Build the index again.")
    path = folder / Path(entry["file"]).name
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"{path}: {name} is missing or damaged (its SHA-256 is wrong). Build the index again.")
    return content


def passages_to_bytes(rows: list[Passage | None]) -> bytes:
    """Return passages as JSON Lines, null for a deleted one."""
    lines = [json.dumps(asdict(row) if row is not None else None, ensure_ascii=False) for row in rows]
    return "\n".join(lines).encode()


def passages_from_bytes(content: bytes) -> list[Passage | None]:
    """Return what `passages_to_bytes` was given."""
    records = [json.loads(line) for line in content.decode().split("\n") if line]
    return [Passage(**record) if record is not None else None for record in records]
