"""Build the sentiment task: snippets of film and product reviews with the mean of about twenty people's ratings.

Snippets and ratings come from the source package of `vaderSentiment` (MIT licence), which the script downloads and
checks against its SHA-256. Tweets and newspaper text of the same package are not touched. Run it from the repository
root:

    python data/build/build_sentiment.py [--archive a-package-downloaded-before.tar.gz]
"""

import argparse
import html
import json
import re
import sys
import tarfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from data.build.sources import (  # noqa: E402
    SPLITS,
    fetch_package,
    fraction,
    join_groups,
    near_duplicates,
    split_by_hash,
    write_jsonl,
)
from utils.data import DATA_FOLDER, Split  # noqa: E402

PACKAGE = "vaderSentiment==3.3.2"
PACKAGE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
LICENCE = "vaderSentiment-3.3.2/LICENSE.txt"
INNER_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
FILES = {"film": "movieReviewSnippets", "product": "amazonReviewSnippets"}

TASK_FOLDER = DATA_FOLDER / "tasks" / "sentiment"
SHARES = (0.64, 0.12, 0.24)  # of the groups; each split then keeps a balanced selection of what fell into it
PER_CELL: dict[Split, int] = {"train": 400, "dev": 75, "test": 150}  # snippets of one source with one label

LEAST_RATING = 0.5  # of 4; nearer to 0 the raters do not agree on a side
LEAST_WORDS, MOST_WORDS = 3, 60

MOJIBAKE = re.compile(r"\ufffd|Ã.|â€|Â|[^\W\d_]\?[^\W\d_]")  # the last one: "Renner?s"
CONTACT = re.compile(r"https?:|www\.|\.com\b|\S@\S")
BROKEN_OFF = re.compile(r"^[^\w\"'(.$#]|^\.(?!\.\.)")  # as ")" or "," left over by the package's sentence splitter

Source = Literal["film", "product"]
Label = Literal["negative", "positive"]


@dataclass(frozen=True)
class Snippet:
    """A sentence of a review with its mean rating, from -4 to 4; snippets known to be of one review share `review`."""

    item_id: str
    source: Source
    review: str
    text: str
    rating: float

    @property
    def label(self) -> Label:
        """The side of the mean rating."""
        return "positive" if self.rating > 0 else "negative"

    @property
    def record(self) -> dict[str, object]:
        """The line of the data file."""
        rating = round(self.rating, 2)
        return {
            "item_id": self.item_id,
            "source": self.source,
            "text": self.text,
            "rating": rating,
            "label": self.label,
        }


def read_lines(archive: tarfile.TarFile, name: str) -> list[list[str]]:
    """Return the tab-separated fields of each line of a file in the inner archive."""
    member = archive.extractfile(f"hutto_ICWSM_2014/{name}")
    if member is None:
        raise ValueError(f"{name}: not a file in {INNER_ARCHIVE}")
    return [line.split("\t") for line in member.read().decode("utf-8-sig").split("\r\n") if line]


def read_snippets(archive: tarfile.TarFile, source: Source) -> list[Snippet]:
    """Return all snippets of one source. Raises ValueError when a mean is not the mean of its raw ratings."""
    raw = {fields[0]: json.loads(fields[3]) for fields in read_lines(archive, f"{FILES[source]}_anonDataRatings.txt")}
    snippets = []
    for package_id, mean, text in read_lines(archive, f"{FILES[source]}_GroundTruth.txt"):
        ratings = raw[package_id]
        rating = sum(ratings) / len(ratings)
        if abs(rating - float(mean)) > 0.001:
            raise ValueError(f"{source} snippet {package_id}: mean {mean}, but its ratings have the mean {rating:.3f}")
        # A product's id is review_sentence. A film's is a bare number: nothing says which snippets share a review.
        review, _, sentence = package_id.partition("_")
        number = int(review) * 100 + int(sentence) if source == "product" else int(review)
        text = " ".join(html.unescape(text).split())
        snippets.append(Snippet(f"sentiment-{source}-{number:05d}", source, f"{source} {review}", text, rating))
    return snippets


def reason_to_drop(snippet: Snippet) -> str | None:
    """Say why a snippet is of no use for the task, or None when it is."""
    words = len(snippet.text.split())
    if abs(snippet.rating) < LEAST_RATING:
        return "ambiguous"
    if words < LEAST_WORDS:
        return "too short"
    if words > MOST_WORDS:
        return "too long"
    if MOJIBAKE.search(snippet.text):
        return "mojibake"
    if CONTACT.search(snippet.text):
        return "address"
    if BROKEN_OFF.search(snippet.text):
        return "broken off"
    return None


def select(snippets: list[Snippet], count: int) -> list[Snippet]:
    """Return `count` of the snippets, as evenly over reviews as they allow, in an order given by a hash.

    Raises ValueError when there are fewer.
    """
    by_review: dict[str, list[Snippet]] = defaultdict(list)
    ordered = sorted(snippets, key=lambda snippet: fraction(snippet.item_id))
    for snippet in ordered:
        by_review[snippet.review].append(snippet)
    turns = [(turn, snippet) for found in by_review.values() for turn, snippet in enumerate(found)]
    turns.sort(key=lambda entry: (entry[0], fraction(entry[1].item_id)))
    if len(turns) < count:
        raise ValueError(f"{len(turns)} snippets where {count} are wanted; change SHARES or PER_CELL.")
    return [snippet for _, snippet in turns[:count]]


def build(content: bytes) -> tuple[dict[Split, list[Snippet]], Counter[str]]:
    """Return the selected snippets by split, and how many were dropped for which reason."""
    with tarfile.open(fileobj=BytesIO(content)) as package:
        inner = package.extractfile(INNER_ARCHIVE)
        if inner is None:
            raise ValueError(f"{INNER_ARCHIVE}: not a file in the package")
        with tarfile.open(fileobj=BytesIO(inner.read())) as archive:
            everything = read_snippets(archive, "film") + read_snippets(archive, "product")
    dropped: Counter[str] = Counter()
    kept: dict[str, Snippet] = {}
    for snippet in everything:
        reason = reason_to_drop(snippet)
        if reason is None and snippet.text.casefold() in kept:
            reason = "exact duplicate"
        if reason is None:
            kept[snippet.text.casefold()] = snippet
        else:
            dropped[f"{snippet.source} {reason}"] += 1
    snippets = list(kept.values())
    first_of_review: dict[str, int] = {}
    same_review = [(first_of_review.setdefault(snippet.review, n), n) for n, snippet in enumerate(snippets)]
    heads = join_groups(len(snippets), same_review + near_duplicates([snippet.text for snippet in snippets]))
    cells: dict[tuple[Split, Source, Label], list[Snippet]] = defaultdict(list)
    for snippet, head in zip(snippets, heads, strict=True):
        split = split_by_hash(f"sentiment: {snippets[head].item_id}", SHARES)
        cells[split, snippet.source, snippet.label].append(snippet)
    chosen: dict[Split, list[Snippet]] = {split: [] for split in SPLITS}
    for (split, _, _), found in sorted(cells.items()):
        selected = select(found, PER_CELL[split])
        chosen[split].extend(selected)
        dropped["left over after balancing"] += len(found) - len(selected)
    # In the package positive films stand first: by a hash, the start of a file is a fair sample of it.
    return {
        split: sorted(found, key=lambda snippet: fraction(snippet.item_id)) for split, found in chosen.items()
    }, dropped


def main() -> None:
    """Download, filter, split, balance and write; print what was kept and dropped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help=f"a copy of {PACKAGE} instead of a download")
    content = fetch_package(PACKAGE, PACKAGE_SHA256, parser.parse_args().archive, ["--no-binary", ":all:"])
    chosen, dropped = build(content)
    for split, snippets in chosen.items():
        write_jsonl(TASK_FOLDER / f"{split}.jsonl", (snippet.record for snippet in snippets))
        counts = Counter(f"{snippet.source} {snippet.label}" for snippet in snippets)
        print(f"{split}: {len(snippets)} snippets;", ", ".join(f"{n} {cell}" for cell, n in sorted(counts.items())))
    with tarfile.open(fileobj=BytesIO(content)) as package:
        licence = package.extractfile(LICENCE)
        if licence is None:
            raise ValueError(f"{LICENCE}: not a file in the package")
        (TASK_FOLDER / "LICENSE-vaderSentiment.txt").write_bytes(licence.read())
    print("dropped:", ", ".join(f"{count} {reason}" for reason, count in dropped.most_common()))


if __name__ == "__main__":
    main()
