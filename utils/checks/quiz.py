"""A quiz for the end of a notebook, from data/quizzes/NN.json, with plain widgets: it works without a network."""

import json
from html import escape
from pathlib import Path
from typing import Annotated

import ipywidgets as widgets
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from utils.data import DATA_FOLDER

QUIZZES_FOLDER = DATA_FOLDER / "quizzes"
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Option(BaseModel):
    """An answer to choose, whether it is right, and what is said to somebody who chooses it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: Text
    right: bool = False
    feedback: Text


class Question(BaseModel):
    """A question with its options, of which exactly one is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: Text
    options: list[Option]

    @model_validator(mode="after")
    def one_is_right(self) -> "Question":
        """Refuse a question without exactly one right option, with fewer than three, or with equal options."""
        if sum(option.right for option in self.options) != 1:
            raise ValueError(f"exactly one option must be right: {self.text!r}")
        if len({option.text for option in self.options}) < max(3, len(self.options)):
            raise ValueError(f"at least three different options are needed: {self.text!r}")
        return self


def load_quiz(number: str, folder: Path = QUIZZES_FOLDER) -> list[Question]:
    """Return the questions of a notebook's quiz; `number` is the notebook's, "01" for example.

    Raises FileNotFoundError for a notebook without a quiz and ValueError, with the file's name, for a damaged file.
    """
    path = folder / f"{number}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.json")))
        raise FileNotFoundError(f"There is no quiz for notebook {number!r}; there are quizzes for {known or 'none'}.")
    try:
        return [Question.model_validate(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (json.JSONDecodeError, ValidationError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error


def quiz(number: str) -> "Quiz":
    """Return the quiz of a notebook as a widget for JupyterLab and Colab. Raises what `load_quiz` raises."""
    return Quiz(load_quiz(number))


class Quiz(widgets.VBox):
    """The questions one below the other, and a line that counts the right answers."""

    def __init__(self, questions: list[Question]) -> None:
        self.rows = [QuizRow(place, question) for place, question in enumerate(questions, start=1)]
        self.score = widgets.HTML()
        for row in self.rows:
            row.choice.observe(lambda _: self.count(), names="value")
        super().__init__([*self.rows, self.score])
        self.count()

    def count(self) -> None:
        """Show how many questions are answered rightly."""
        right = sum(row.is_right() for row in self.rows)
        self.score.value = f"<p><b>{right} of {len(self.rows)} right.</b></p>"


class QuizRow(widgets.VBox):
    """One question: its text, its options in `choice`, and the feedback on the chosen one."""

    def __init__(self, place: int, question: Question) -> None:
        self.question = question
        labels = [(option.text, number) for number, option in enumerate(question.options)]
        wide = widgets.Layout(width="95%")
        self.choice = widgets.RadioButtons(options=labels, value=None, layout=wide)
        self.feedback = widgets.HTML()
        self.choice.observe(lambda _: self.show_feedback(), names="value")
        super().__init__([widgets.HTML(f"<p><b>{place}.</b> {escape(question.text)}</p>"), self.choice, self.feedback])

    def is_right(self) -> bool:
        """Tell whether the right option is chosen."""
        return self.choice.value is not None and self.question.options[self.choice.value].right

    def show_feedback(self) -> None:
        """Say what the chosen option is worth, in words and not by colour alone."""
        if self.choice.value is None:
            self.feedback.value = ""
            return
        option = self.question.options[self.choice.value]
        self.feedback.value = f"<p>{'✓ Right.' if option.right else '✗ No.'} {escape(option.feedback)}</p>"
