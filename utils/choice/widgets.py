"""Widgets for notebooks: the questionnaire and the break-even calculator, in JupyterLab and Colab."""

from collections.abc import Iterable
from html import escape
from typing import Any

import ipywidgets as widgets

from utils.choice.advice import Recommendation
from utils.choice.break_even import FLOP_RATIO, LIMITS, Workload, break_even_queries, cheaper, queries_text
from utils.choice.questionnaire import QUESTIONS, recommend

WIDE = widgets.Layout(width="95%")
LABELS = {
    "training_tokens": "Tokens of one pass over the training set",
    "epochs": "Passes over the training set",
    "context_tokens": "Context tokens that RAG adds to a query",
    "training_cost_ratio": "Cost of a training token, in prompt tokens",
}
START = {"training_tokens": 20_000, "epochs": 8, "context_tokens": 200, "training_cost_ratio": FLOP_RATIO}
MOST_QUERIES = 10**12


def questionnaire_widget() -> "QuestionnaireWidget":
    """Return the questionnaire with the recommendation below it, which follows every change of an answer."""
    return QuestionnaireWidget()


def break_even_widget() -> "BreakEvenWidget":
    """Return a calculator of the break-even, which follows every change of a number."""
    return BreakEvenWidget()


class QuestionnaireWidget(widgets.VBox):
    """A drop-down for each question in `boxes`, and the recommendation in `result` once all are answered."""

    def __init__(self) -> None:
        self.boxes = {name: question_box(list(question.options.items())) for name, question in QUESTIONS.items()}
        self.result = widgets.HTML()
        for box in self.boxes.values():
            box.observe(lambda _: self.update(), names="value")
        rows: list[widgets.Widget] = []
        for name, question in QUESTIONS.items():
            rows += [widgets.HTML(escape(question.text)), self.boxes[name]]
        super().__init__([*rows, self.result])
        self.update()

    def update(self) -> None:
        """Show the recommendation, how many answers are missing, or what went wrong."""
        answers = {name: box.value for name, box in self.boxes.items() if box.value is not None}
        if len(answers) < len(self.boxes):
            self.result.value = f"{len(answers)} of {len(self.boxes)} questions answered."
            return
        try:
            self.result.value = recommendation_html(recommend(answers))
        except Exception as error:  # whatever it is: a traceback in a callback would never be seen
            self.result.value = error_html(error)


class BreakEvenWidget(widgets.VBox):
    """A bounded number for each field of a Workload in `boxes`, `queries`, and the break-even in `result`."""

    def __init__(self) -> None:
        self.boxes = {name: number_box(label, START[name], *LIMITS[name]) for name, label in LABELS.items()}
        self.queries = number_box("Queries between two updates", 1000, 0, MOST_QUERIES)
        self.result = widgets.HTML()
        for box in (*self.boxes.values(), self.queries):
            box.observe(lambda _: self.update(), names="value")
        super().__init__([*self.boxes.values(), self.queries, self.result])
        self.update()

    def update(self) -> None:
        """Show Q* and the cheaper way for the given number of queries, or what went wrong."""
        try:
            workload = Workload(**{name: box.value for name, box in self.boxes.items()})
            self.result.value = break_even_html(workload, self.queries.value)
        except Exception as error:  # as above
            self.result.value = error_html(error)


def question_box(options: list[tuple[str, str]]) -> widgets.Dropdown:
    """Return a drop-down that shows each option's text and holds its name; at first it holds None."""
    return widgets.Dropdown(options=[("choose …", None), *((text, name) for name, text in options)], layout=WIDE)


def number_box(label: str, value: float, low: float, high: float) -> widgets.BoundedFloatText:
    """Return a number that stays from `low` to `high`, with its whole label visible."""
    style = {"description_width": "22em"}
    return widgets.BoundedFloatText(value=value, min=low, max=high, description=label, style=style, layout=WIDE)


def recommendation_html(recommendation: Recommendation) -> str:
    """Return a recommendation with its reasons, evidence and what would change it."""
    parts = [f"<h4>{escape(recommendation.choice)}</h4>"]
    parts.append(list_html("Why", recommendation.reasons))
    parts.append(list_html("What that rests on", recommendation.evidence))
    parts.append(list_html("What would change it", recommendation.would_change))
    return "".join(parts)


def list_html(heading: str, lines: Iterable[Any]) -> str:
    """Return lines as a list under a heading."""
    return f"<p><b>{escape(heading)}</b></p><ul>{''.join(f'<li>{escape(str(line))}</li>' for line in lines)}</ul>"


def break_even_html(workload: Workload, queries: float) -> str:
    """Return Q* of a workload and which way is cheaper for a number of queries."""
    wanted = queries_text(break_even_queries(workload))
    winner = cheaper(workload, queries)
    verdict = "both cost the same" if winner == "equal" else f"{winner} is cheaper"
    return f"<p>Break-even Q* = <b>{wanted}</b> queries per update. With {queries:,.0f} queries {verdict}.</p>"


def error_html(error: Exception) -> str:
    """Return an error's message as a line."""
    return f"<p>That did not work: {escape(str(error) or type(error).__name__)}</p>"
