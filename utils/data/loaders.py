"""Reading the data files: every line is validated before anything is trained or indexed on it."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from utils.data.records import (
    Fact,
    FollowUp,
    GeneralQuestion,
    HouseStyleQuestion,
    Record,
    ReversedQuestion,
    RevisedFact,
    TwoHopQuestion,
    UnanswerableQuestion,
)

DATA_VARIABLE = "RETRIEVE_OR_TUNE_DATA"
COURSE_FOLDER = Path(__file__).resolve().parents[2]
DATA_FOLDER = Path(os.environ.get(DATA_VARIABLE) or COURSE_FOLDER / "data").resolve()
HANDBOOK_FOLDER = DATA_FOLDER / "handbook"
REVISIONS_FOLDER = DATA_FOLDER / "revisions"
ARRIVALS_FOLDER = DATA_FOLDER / "arrivals"
QUESTIONS_FOLDER = DATA_FOLDER / "questions"

ID_FIELDS = ("question_id", "item_id", "term_id", "clause", "fact_id")

RecordType = TypeVar("RecordType", bound=Record)


def read_jsonl(path: Path, record_type: type[RecordType]) -> list[RecordType]:
    """Read a JSON Lines file into records of one type.

    Raises FileNotFoundError for a missing file, and ValueError that names file, line, field and what was expected.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. It belongs to the course's data folder.")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 (byte {error.start}). Save the file with the encoding UTF-8.") from None
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(record_type.model_validate_json(line))
        except ValidationError as error:
            raise ValueError(f"{path}, line {number}: {describe(error)}.") from None
    if not records:
        raise ValueError(f"{path}: the file is empty; expected one JSON object per line.")
    refuse_repeated_ids(path, records)
    return records


def refuse_repeated_ids(path: Path, records: list[Record]) -> None:
    """Raise ValueError when two lines have the same id: the first field of `ID_FIELDS` that their type has."""
    field = next(name for name in ID_FIELDS if name in type(records[0]).model_fields)
    lines: dict[str, int] = {}
    for number, record in enumerate(records, start=1):
        name = getattr(record, field)
        if name in lines:
            raise ValueError(f"{path}, line {number}: field {field}: {name!r} is already on line {lines[name]}.")
        lines[name] = number


def describe(error: ValidationError) -> str:
    """Say in one line which fields of a record were wrong, and what was expected."""
    problems = []
    for problem in error.errors():
        field = ".".join(map(str, problem["loc"]))
        problems.append(f"field {field}: {problem['msg']}" if field else problem["msg"])
    return "; ".join(problems)


def load_facts(path: Path = QUESTIONS_FOLDER / "facts.jsonl") -> list[Fact]:
    """Read the fact ledger of the handbook. Raises what `read_jsonl` raises, as do the loaders below."""
    return read_jsonl(path, Fact)


def load_revised(path: Path = QUESTIONS_FOLDER / "revised.jsonl") -> list[RevisedFact]:
    """Read the facts whose answer changes with the revised documents."""
    return read_jsonl(path, RevisedFact)


def load_arrivals(path: Path = QUESTIONS_FOLDER / "arrivals.jsonl") -> list[Fact]:
    """Read the facts of the documents that arrive after training."""
    return read_jsonl(path, Fact)


def load_two_hop(path: Path = QUESTIONS_FOLDER / "two_hop.jsonl") -> list[TwoHopQuestion]:
    """Read the questions that need two documents."""
    return read_jsonl(path, TwoHopQuestion)


def load_reversed(path: Path = QUESTIONS_FOLDER / "reversed.jsonl") -> list[ReversedQuestion]:
    """Read the facts asked backwards."""
    return read_jsonl(path, ReversedQuestion)


def load_unanswerable(path: Path = QUESTIONS_FOLDER / "unanswerable.jsonl") -> list[UnanswerableQuestion]:
    """Read the near misses that the handbook does not answer."""
    return read_jsonl(path, UnanswerableQuestion)


def load_follow_ups(path: Path = QUESTIONS_FOLDER / "follow_ups.jsonl") -> list[FollowUp]:
    """Read the conversations that end in an elliptic question."""
    return read_jsonl(path, FollowUp)


def load_house_style(path: Path = QUESTIONS_FOLDER / "house_style.jsonl") -> list[HouseStyleQuestion]:
    """Read the questions with replies in the style of Vesper Desk."""
    return read_jsonl(path, HouseStyleQuestion)


def load_general(path: Path = QUESTIONS_FOLDER / "general.jsonl") -> list[GeneralQuestion]:
    """Read the questions about the world at large."""
    return read_jsonl(path, GeneralQuestion)
