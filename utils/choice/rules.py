"""The rules of the questionnaire, in order: the first that applies gives the recommendation.

1. No evaluation set: neither yet, because no choice could be checked.
2. Retrieval is required or in use, but there is no room for passages: neither yet, the requirements contradict.
3. Retrieval is required or in use (sources, deletion, per-user facts, poor reading): with a skill missing and enough
   examples both, else RAG.
4. Only instructions are missing: prompting.
5. Facts are missing and passages fit: LoRA only for fixed facts, high volume and thousands of examples; both if a
   style is missing too and there are examples for it; else RAG.
6. What is left is a skill, or facts for which there is no room: LoRA if there are enough examples and the training
   lasts or pays; else prompting for a skill, neither yet for facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from utils.choice.advice import (
    CONFLICT,
    FACTS_AND_STYLE,
    FACTS_BY_RAG,
    FACTS_IN_WEIGHTS,
    FACTS_NOWHERE,
    FEW_EXAMPLES,
    NO_EVALUATION,
    PROMPTING,
    REQUIRED_BOTH,
    REQUIRED_RAG,
    TRAINED,
    Recommendation,
)

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """A condition on the answers, and the recommendation where it holds."""

    applies: Callable[[Answers], bool]
    recommendation: Recommendation


def needs_retrieval(answers: Answers) -> bool:
    """Tell whether something is asked for that weights cannot give: sources, deletion, access by user, reading."""
    return "yes" in (answers["citations"], answers["restricted"]) or answers["missing"] == "reading"


def lacks_facts(answers: Answers) -> bool:
    """Tell whether facts are missing, with or without a style."""
    return answers["missing"] in ("knowledge", "knowledge and style")


def lacks_skill(answers: Answers) -> bool:
    """Tell whether something is missing that examples can teach and passages cannot."""
    return answers["missing"] in ("style", "task", "knowledge and style", "reading")


def has_examples(answers: Answers) -> bool:
    """Tell whether there are at least 100 labelled examples: a rule of thumb, not a measured threshold."""
    return answers["labels"] in ("hundreds", "thousands")


def training_lasts(answers: Answers) -> bool:
    """Tell whether a training outlives a year, or is paid back by the queries before the next one."""
    return answers["updates"] in ("never", "yearly") or answers["queries"] == "above"


def facts_fit_weights(answers: Answers) -> bool:
    """Tell whether facts alone are missing, never change, are asked for often, and come with thousands of examples."""
    wanted = {"missing": "knowledge", "updates": "never", "queries": "above", "labels": "thousands"}
    return all(answers[name] == option for name, option in wanted.items())


RULES: tuple[Rule, ...] = (
    Rule(lambda a: a["evaluation"] == "no", NO_EVALUATION),
    Rule(lambda a: needs_retrieval(a) and a["room"] == "no", CONFLICT),
    Rule(lambda a: needs_retrieval(a) and lacks_skill(a) and has_examples(a), REQUIRED_BOTH),
    Rule(needs_retrieval, REQUIRED_RAG),
    Rule(lambda a: a["missing"] == "instructions", PROMPTING),
    Rule(lambda a: a["room"] == "yes" and facts_fit_weights(a), FACTS_IN_WEIGHTS),
    Rule(lambda a: a["room"] == "yes" and lacks_facts(a) and lacks_skill(a) and has_examples(a), FACTS_AND_STYLE),
    Rule(lambda a: a["room"] == "yes" and lacks_facts(a), FACTS_BY_RAG),
    Rule(lambda a: has_examples(a) and training_lasts(a), TRAINED),
    Rule(lacks_facts, FACTS_NOWHERE),
    Rule(lambda a: True, FEW_EXAMPLES),
)
