"""Reading the fine-tuning tasks, one split of one task at a time, so that a test split is never read by accident."""

from pathlib import Path

from utils.data.loaders import DATA_FOLDER, RecordType, read_jsonl
from utils.data.records import Split
from utils.data.task_records import (
    ChecklistClause,
    ClinicQuestion,
    Dialogue,
    GlossaryTerm,
    LogLine,
    ReviewText,
    SentimentSnippet,
    Summary,
    TranslationPair,
    TriageMessage,
    TutorQuestion,
)

TASKS_FOLDER = DATA_FOLDER / "tasks"


def read_split(folder: Path, split: Split, record_type: type[RecordType]) -> list[RecordType]:
    """Read one split of the task in a folder. Raises what `read_jsonl` raises, as do the loaders below."""
    return read_jsonl(folder / f"{split}.jsonl", record_type)


def load_triage(split: Split, folder: Path = TASKS_FOLDER / "triage") -> list[TriageMessage]:
    """Read the messages to the help desk with the desk that must act."""
    return read_split(folder, split, TriageMessage)


def load_sentiment(split: Split, folder: Path = TASKS_FOLDER / "sentiment") -> list[SentimentSnippet]:
    """Read the snippets of reviews with people's ratings."""
    return read_split(folder, split, SentimentSnippet)


def load_entities(split: Split, folder: Path = TASKS_FOLDER / "entities") -> list[LogLine]:
    """Read the log lines with the spans of their named things."""
    return read_split(folder, split, LogLine)


def load_summaries(split: Split, folder: Path = TASKS_FOLDER / "summaries") -> list[Summary]:
    """Read the incident reports, permits and contracts with their summaries."""
    return read_split(folder, split, Summary)


def load_translation(split: Split, folder: Path = TASKS_FOLDER / "translation") -> list[TranslationPair]:
    """Read the English texts with their French translations."""
    return read_split(folder, split, TranslationPair)


def load_glossary(path: Path = TASKS_FOLDER / "translation" / "glossary.jsonl") -> list[GlossaryTerm]:
    """Read the station's terms in English and French."""
    return read_jsonl(path, GlossaryTerm)


def load_dialogue(split: Split, folder: Path = TASKS_FOLDER / "dialogue") -> list[Dialogue]:
    """Read the conversations with Vesper Desk, their notes and replies."""
    return read_split(folder, split, Dialogue)


def load_review(split: Split, folder: Path = TASKS_FOLDER / "review") -> list[ReviewText]:
    """Read the permits and contracts with a judgement for each clause of the checklist."""
    return read_split(folder, split, ReviewText)


def load_checklist(path: Path = TASKS_FOLDER / "review" / "checklist.jsonl") -> list[ChecklistClause]:
    """Read the clauses that permits and contracts are checked for."""
    return read_jsonl(path, ChecklistClause)


def load_clinic(split: Split, folder: Path = TASKS_FOLDER / "clinic") -> list[ClinicQuestion]:
    """Read the questions to the clinic, some of which must be declined."""
    return read_split(folder, split, ClinicQuestion)


def load_tutor(split: Split, folder: Path = TASKS_FOLDER / "tutor") -> list[TutorQuestion]:
    """Read the learners' questions with the points of a good explanation."""
    return read_split(folder, split, TutorQuestion)
