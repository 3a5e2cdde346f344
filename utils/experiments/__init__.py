"""Experiments: what the adapters are trained on, which arms are compared, and the files that keep the results."""

from utils.experiments.comparisons import PAIRS, compare_pairs
from utils.experiments.results import (
    ArmScores,
    comparison_table,
    describe_machine,
    read_results,
    run_arm,
    score_replies,
    write_results,
)
from utils.experiments.settings import Settings, load_settings
from utils.experiments.training_sets import questions_passes, reader_examples

__all__ = [
    "PAIRS",
    "ArmScores",
    "Settings",
    "compare_pairs",
    "comparison_table",
    "describe_machine",
    "load_settings",
    "questions_passes",
    "read_results",
    "reader_examples",
    "run_arm",
    "score_replies",
    "write_results",
]
