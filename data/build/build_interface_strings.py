"""Build the translation task: interface strings of JupyterLab in English and French, and the station's own sentences.

The interface strings come from the package `jupyterlab-language-pack-fr-FR` (BSD-3-Clause), which the script downloads
and checks against its SHA-256. The station's sentences are written by hand in `data/build/station_sentences.jsonl`.
Run it from the repository root:

    python data/build/build_interface_strings.py [--archive a-package-downloaded-before.whl]
"""

import argparse
import json
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from data.build.sources import (  # noqa: E402
    SPLITS,
    fetch_package,
    join_groups,
    near_duplicates,
    split_by_hash,
    split_in_turn,
    write_jsonl,
)
from utils.data import DATA_FOLDER, Split  # noqa: E402

PACKAGE = "jupyterlab-language-pack-fr-FR==4.5.post3"
PACKAGE_SHA256 = "9f6ce9d4e64b367ff084a2313af29d6ad8a02d1d08000f3e6c53e2856fa9a11f"
CATALOGUES = "jupyterlab_language_pack_fr_FR/locale/fr_FR/LC_MESSAGES/"
LICENCE = "jupyterlab_language_pack_fr_fr-4.5.post3.dist-info/licenses/LICENSE.txt"

STATION_SENTENCES = DATA_FOLDER / "build" / "station_sentences.jsonl"
TASK_FOLDER = DATA_FOLDER / "tasks" / "translation"

INTERFACE_SHARES = (0.75, 0.10, 0.15)
STATION_SHARES = (0.40, 0.15, 0.45)

MAX_LENGTH = 200  # characters, in either language

CONTEXT_END = "\x04"  # gettext writes a message's context before it, up to this character
PLACEHOLDER = re.compile(r"`[^`]*`|%\d+|%\(\w+\)[sdif]|%[sdif]\b|%%|\{\w*\}|\$\{?\w+\}?")
WORD = re.compile(r"[^\W\d_]{2,}")
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|&\w+;")
CODE = re.compile(r"[{}\\]|=>|==|::|\w\(\)|\*\*|https?:|^\S*\w[._:/]\w\S*$|^[a-z]+[A-Z]\w*$|^[a-z]+([-_][a-z]+)+$")


def same_words(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return index pairs of texts that differ in case, punctuation, numbers and placeholders only."""
    first: dict[tuple[str, ...], int] = {}
    pairs = []
    for index, text in enumerate(texts):
        words = tuple(re.findall(r"[^\W\d_]+", PLACEHOLDER.sub(" ", text.lower())))
        if first.setdefault(words, index) != index:
            pairs.append((first[words], index))
    return pairs


def clean(text: str) -> str:
    """Return a message without outer blanks, with plain single blanks inside and line breaks kept."""
    text = re.sub(r"[ \t\u00a0\u2009\u202f]+", " ", text.replace("\ufe0f", ""))
    return text.strip()


def reason_to_drop(english: str, french: str) -> str | None:
    """Say why a pair is of no use for the task, or None when it is."""
    both = (english, french)
    if english.casefold() == french.casefold():
        return "untranslated"
    if any("\n" in text for text in both):
        return "line break"
    if any(len(text) > MAX_LENGTH for text in both):
        return "too long"
    if any(MARKUP.search(text) for text in both):
        return "markup"
    if any(not WORD.search(PLACEHOLDER.sub(" ", text)) for text in both):
        return "no words"
    if any(CODE.search(PLACEHOLDER.sub("X", text)) for text in both):
        return "code"
    if Counter(PLACEHOLDER.findall(english)) != Counter(PLACEHOLDER.findall(french)):
        return "placeholders differ"
    if len(english) > 20 and not 0.4 < len(french) / len(english) < 2.5:
        return "lengths differ"
    return None


def read_catalogues(content: bytes) -> list[tuple[str, str, str]]:
    """Return (component, English, French) for every message of the package, in a fixed order."""
    messages = []
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith(CATALOGUES) and name.endswith(".json")]
        # JupyterLab itself first, so that its wording is kept where extensions repeat a string.
        for name in sorted(names, key=lambda name: (not name.endswith("/jupyterlab.json"), name)):
            catalogue = json.loads(archive.read(name))
            for message in sorted(catalogue):
                if message:  # the empty message holds the catalogue's metadata
                    english = message.rpartition(CONTEXT_END)[2]
                    messages.append((Path(name).stem, clean(english), clean(catalogue[message][0])))
    return messages


def interface_rows(content: bytes) -> tuple[dict[Split, list[dict[str, object]]], Counter[str]]:
    """Return the interface pairs by split, and how many messages were dropped for which reason."""
    dropped: Counter[str] = Counter()
    pairs = []
    seen: set[str] = set()
    for component, english, french in read_catalogues(content):
        reason = reason_to_drop(english, french)
        if reason is None and english.casefold() in seen:
            reason = "repeated English"
        if reason is not None:
            dropped[reason] += 1
            continue
        seen.add(english.casefold())
        pairs.append((component, english, french))
    alike = []
    for texts in ([pair[1] for pair in pairs], [pair[2] for pair in pairs]):
        alike += near_duplicates(texts) + same_words(texts)
    heads = join_groups(len(pairs), alike)
    numbers = {head: number for number, head in enumerate(sorted(set(heads)), start=1)}
    rows: dict[Split, list[dict[str, object]]] = {split: [] for split in SPLITS}
    for number, ((component, english, french), head) in enumerate(zip(pairs, heads, strict=True), start=1):
        rows[split_by_hash(f"interface: {pairs[head][1]}", INTERFACE_SHARES)].append(
            {
                "item_id": f"interface-{number:04d}",
                "kind": "interface",
                "en": english,
                "fr": french,
                "group": f"interface-g{numbers[head]:04d}",
                "component": component,
                "terms": [],
            }
        )
    return rows, dropped


def station_rows(path: Path = STATION_SENTENCES) -> dict[Split, list[dict[str, object]]]:
    """Return the station's sentences by split, whole groups together."""
    by_group: dict[str, list[dict[str, object]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_group[f"station: {row['group']}"].append(row)
    by_split = split_in_turn(by_group, STATION_SHARES)
    return {split: sorted(rows, key=lambda row: str(row["item_id"])) for split, rows in by_split.items()}


def main() -> None:
    """Download, filter, group, split and write; print what was kept and dropped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help=f"a copy of {PACKAGE} instead of a download")
    content = fetch_package(PACKAGE, PACKAGE_SHA256, parser.parse_args().archive, ["--only-binary", ":all:"])
    interface, dropped = interface_rows(content)
    station = station_rows()
    for split in SPLITS:
        write_jsonl(TASK_FOLDER / f"{split}.jsonl", station[split] + interface[split])
        print(f"{split}: {len(station[split])} station sentences, {len(interface[split])} interface strings")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        licence = archive.read(LICENCE)
    (TASK_FOLDER / "LICENSE-jupyterlab-language-pack.txt").write_bytes(licence)
    print("dropped:", ", ".join(f"{count} {reason}" for reason, count in dropped.most_common()))


if __name__ == "__main__":
    main()
