"""Split the tasks that were written for the course: read data/build/tasks/, write data/tasks/<task>/<split>.jsonl.

Tasks about one document follow the document's split. The others are split by a hash of their ids, within each class,
with near-duplicates in one split. The same input always gives the same files. Run it from the repository root:

    python data/build/split_tasks.py [--into another-folder]
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from data.build.sources import (  # noqa: E402
    SPLITS,
    join_groups,
    near_duplicates,
    split_in_turn,
    write_jsonl,
)
from utils.data import DATA_FOLDER, TASKS_FOLDER, Split  # noqa: E402

AUTHORED = DATA_FOLDER / "build" / "tasks"
SHARES = (0.60, 0.15)  # of train and dev, in each class
CLASS_FIELDS = {"triage": "label", "entities": None, "review": "kind", "summaries": "kind"}
DOCUMENT_SPLIT_FIELDS = {"dialogue": "doc_split", "clinic": "split", "tutor": "split"}

Row = dict[str, object]


def read_authored(task: str) -> list[Row]:
    """Return the rows of a task as they were written, in their order."""
    lines = (AUTHORED / f"{task}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def split_by_document(rows: list[Row], field: str) -> dict[Split, list[Row]]:
    """Return the rows by the split in a field, without that field: the file's name says it."""
    by_split: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    for row in rows:
        by_split[row[field]].append({name: value for name, value in row.items() if name != field})
    return by_split


def split_by_class(rows: list[Row], class_field: str | None, same_texts: dict[str, str]) -> dict[Split, list[Row]]:
    """Return the rows by split, with the same shares in each class and near-duplicates together.

    A group is placed by the id of its first row, or by the id that `same_texts` gives for this row's text, so that a
    text of two tasks is in the same split of both.
    """
    heads = join_groups(len(rows), near_duplicates([str(row["text"]) for row in rows]))
    classes: dict[object, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row, head in zip(rows, heads, strict=True):
        first = rows[head]
        key = same_texts.get(str(first["text"]), str(first["item_id"]))
        classes[first[class_field] if class_field else "all"][key].append(row)
    parts = [split_in_turn(groups, SHARES) for groups in classes.values()]
    return {split: sorted((row for part in parts for row in part[split]), key=item_id) for split in SPLITS}


def item_id(row: Row) -> str:
    """Return what the rows of a file are ordered by."""
    return str(row["item_id"])


def split_tasks() -> dict[str, dict[Split, list[Row]]]:
    """Return the rows of every task by split."""
    tasks = {task: split_by_document(read_authored(task), field) for task, field in DOCUMENT_SPLIT_FIELDS.items()}
    review_ids = {str(row["text"]): item_id(row) for row in read_authored("review")}
    for task, field in CLASS_FIELDS.items():
        tasks[task] = split_by_class(read_authored(task), field, review_ids)
    return tasks


def main(arguments: list[str]) -> None:
    """Split all tasks and write them; print how many rows went where."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=TASKS_FOLDER, help="where to write, instead of data/tasks")
    folder = parser.parse_args(arguments).into
    for task, by_split in split_tasks().items():
        for split, rows in by_split.items():
            write_jsonl(folder / task / f"{split}.jsonl", rows)
        print(f"{task}:", ", ".join(f"{len(rows)} {split}" for split, rows in by_split.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
