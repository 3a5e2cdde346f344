"""What the scripts that build the tasks share: downloads, groups of near-duplicates, splits by hash, and writing."""

import hashlib
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from utils.data import Split

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
NEAR_DUPLICATE = 0.8  # Jaccard similarity of character 5-grams

Row = TypeVar("Row")


def fetch_package(requirement: str, sha256: str, archive: Path | None, pip_options: Sequence[str]) -> bytes:
    """Return the bytes of a package's archive: a given file, or one downloaded by pip into a temporary folder.

    Raises RuntimeError when pip fails, and ValueError when the archive is not the one that was reviewed.
    """
    with tempfile.TemporaryDirectory() as folder:
        if archive is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *pip_options]
            finished = subprocess.run([*command, "--dest", folder, requirement], check=False)
            if finished.returncode:
                raise RuntimeError(f"pip could not download {requirement}. Pass a copy of it with --archive.")
            (archive,) = Path(folder).iterdir()
        content = archive.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{archive.name}: its SHA-256 is {found}, expected {sha256}. It is not the reviewed package.")
    return content


def shingles(text: str) -> frozenset[str]:
    """Return the character 5-grams of a text, lower-cased, without end punctuation; a shorter text is one shingle."""
    plain = " ".join(text.lower().replace("…", " ").split()).rstrip(" .:!?")
    return frozenset(plain[start : start + 5] for start in range(max(1, len(plain) - 4)))


def near_duplicates(texts: Sequence[str], threshold: float = NEAR_DUPLICATE) -> list[tuple[int, int]]:
    """Return all index pairs of texts whose shingles have at least this Jaccard similarity.

    Exact, by prefix filtering: two sets that similar share one of the |A| - ceil(threshold |A|) + 1 shingles of A that
    are rarest overall, and likewise of B, so only texts that meet in those are compared.
    """
    sets = [shingles(text) for text in texts]
    frequency = Counter(shingle for found in sets for shingle in found)
    met: dict[str, list[int]] = defaultdict(list)
    pairs = []
    for this, mine in enumerate(sets):
        by_rarity = sorted(mine, key=lambda shingle: (frequency[shingle], shingle))
        rarest = by_rarity[: len(mine) - math.ceil(threshold * len(mine)) + 1]
        for other in sorted({index for shingle in rarest for index in met[shingle]}):
            shared = len(mine & sets[other])
            if shared >= threshold * (len(mine) + len(sets[other]) - shared):
                pairs.append((other, this))
        for shingle in rarest:
            met[shingle].append(this)
    return pairs


def join_groups(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of `count` items the smallest index in its group, where `pairs` belong together (union-find)."""
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for left, right in pairs:
        first, second = sorted((root(left), root(right)))
        parent[second] = first
    return [root(index) for index in range(count)]


def fraction(key: str) -> float:
    """Return a number from 0 to 1 that depends on the key only, evenly spread over keys."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:13], 16) / 16**13


def split_by_hash(key: str, shares: Sequence[float]) -> Split:
    """Return the split that a group's key falls into, with these shares of train and dev; the rest is test."""
    place = fraction(key)
    if place < shares[0]:
        return "train"
    return "dev" if place < shares[0] + shares[1] else "test"


def split_in_turn(groups: Mapping[str, Sequence[Row]], shares: Sequence[float]) -> dict[Split, list[Row]]:
    """Return the rows by split: whole groups, in an order given by a hash of their keys, until each split is full.

    `shares` are those of train and dev; the rest is test.
    """
    by_split: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    count = sum(len(rows) for rows in groups.values())
    taken = 0
    for key in sorted(groups, key=fraction):
        done = taken / count
        split = SPLITS[(done >= shares[0]) + (done >= shares[0] + shares[1])]
        by_split[split].extend(groups[key])
        taken += len(groups[key])
    return by_split


def write_jsonl(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write JSON Lines so that an interrupted write leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unfinished.write_text(lines, encoding="utf-8", newline="\n")  # the same bytes on every system
    unfinished.replace(path)
