"""A questionnaire about a project, and the recommendation that follows from its answers."""

from dataclasses import dataclass

from utils.choice.advice import Recommendation
from utils.choice.rules import RULES, Answers


@dataclass(frozen=True)
class Question:
    """A question with its options: what is stored for each, and what a reader sees."""

    text: str
    options: dict[str, str]


YES_NO = {"yes": "yes", "no": "no"}
QUESTIONS = {
    "evaluation": Question("Is there a set of test questions with known answers?", YES_NO),
    "missing": Question(
        "What is missing from the replies of the model as it is?",
        {
            "instructions": "it was never told clearly what to do, or in which format",
            "knowledge": "facts that it cannot know",
            "style": "a tone, style or schema that instructions do not bring about",
            "task": "skill at one narrow task, such as sorting texts into classes",
            "knowledge and style": "both facts and a tone, style or schema",
            "reading": "it is given the right passage and makes poor use of it",
        },
    ),
    "restricted": Question(
        "Do the facts belong to single users or groups, or must they be deleted on request?", YES_NO
    ),
    "citations": Question("Must an answer name its source?", YES_NO),
    "updates": Question(
        "How often does it change what the replies rest on (facts, rules, the list of classes)?",
        {"never": "never", "yearly": "about once a year", "monthly": "about monthly", "weekly": "weekly or more often"},
    ),
    "queries": Question(
        "How many queries come between two updates, compared with the break-even?",
        {"below": "fewer", "above": "more", "unknown": "nobody has counted"},
    ),
    "labels": Question(
        "How many labelled examples (input and wanted reply) are there?",
        {"none": "none", "dozens": "fewer than 100", "hundreds": "100 to 999", "thousands": "1,000 or more"},
    ),
    "room": Question("Do prompt length and waiting time leave room for passages in the prompt?", YES_NO),
}


def recommend(answers: Answers) -> Recommendation:
    """Return the recommendation of the first rule that applies to the answers (see `utils.choice.rules`).

    `answers` maps the name of every question to one of its options. Raises ValueError for an unknown question, a
    missing answer and an unknown option, and lists what is allowed.
    """
    check_answers(answers)
    return next(rule.recommendation for rule in RULES if rule.applies(answers))


def check_answers(answers: Answers) -> None:
    """Raise ValueError unless every question, and nothing else, is answered by one of its options."""
    for name in answers:
        if name not in QUESTIONS:
            raise ValueError(f"There is no question {name!r}. The questions are {listed(QUESTIONS)}.")
    for name, question in QUESTIONS.items():
        if name not in answers:
            raise ValueError(f"The question {name!r} has no answer. Allowed are {listed(question.options)}.")
        if answers[name] not in question.options:
            raise ValueError(f"{name} is {answers[name]!r}. Allowed are {listed(question.options)}.")


def listed(names: dict[str, object]) -> str:
    """Return names in quotes, with commas."""
    return ", ".join(map(repr, names))
