"""Retrieval-augmented generation: search, pack, build the prompt, generate, cite, and decline when unsure."""

from utils.rag.abstention import (
    area_under_risk_coverage,
    calibrate_threshold,
    gain_over_random,
    risk_coverage_curve,
    score_times_support,
)
from utils.rag.citations import CITED_SHARE, supported_share, supporting_hits
from utils.rag.packing import Packed, pack_passages
from utils.rag.pipeline import Answer, AnswerSystem, ClosedBook, RagPipeline
from utils.rag.prompts import (
    CLOSED_BOOK_SYSTEM,
    NOT_FOUND,
    PROMPTS,
    READER_PROMPT,
    Prompt,
    WorkedExample,
    closed_book_messages,
    number_texts,
    open_book_messages,
)

__all__ = [
    "CITED_SHARE",
    "CLOSED_BOOK_SYSTEM",
    "NOT_FOUND",
    "PROMPTS",
    "READER_PROMPT",
    "Answer",
    "AnswerSystem",
    "ClosedBook",
    "Packed",
    "Prompt",
    "RagPipeline",
    "WorkedExample",
    "area_under_risk_coverage",
    "calibrate_threshold",
    "closed_book_messages",
    "gain_over_random",
    "number_texts",
    "open_book_messages",
    "pack_passages",
    "risk_coverage_curve",
    "score_times_support",
    "supported_share",
    "supporting_hits",
]
