"""Choosing between prompting, RAG and LoRA: the break-even, a questionnaire, and cases to practise on."""

from utils.choice.advice import CHOICES, Choice, Recommendation
from utils.choice.break_even import (
    FLOP_RATIO,
    LIMITS,
    ExtraCost,
    Workload,
    break_even_from_seconds,
    break_even_queries,
    cheaper,
    extra_cost,
    queries_text,
)
from utils.choice.break_even_plot import plot_break_even
from utils.choice.cases import CASES, Case
from utils.choice.questionnaire import QUESTIONS, Question, recommend
from utils.choice.rules import RULES, Answers, Rule
from utils.choice.widgets import break_even_widget, questionnaire_widget

__all__ = [
    "CASES",
    "CHOICES",
    "FLOP_RATIO",
    "LIMITS",
    "QUESTIONS",
    "RULES",
    "Answers",
    "Case",
    "Choice",
    "ExtraCost",
    "Question",
    "Recommendation",
    "Rule",
    "Workload",
    "break_even_from_seconds",
    "break_even_queries",
    "break_even_widget",
    "cheaper",
    "extra_cost",
    "plot_break_even",
    "queries_text",
    "questionnaire_widget",
    "recommend",
]
