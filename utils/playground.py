"""A playground for notebooks: ask anything and see the answer, the passages behind it and the prompt."""

from html import escape
from typing import Any

import ipywidgets as widgets

from utils.models import Message
from utils.rag import Answer, AnswerSystem
from utils.retrieval import Hit

THINKING = "Thinking …"
NO_QUESTION = "Type a question first."
NO_SYSTEM = "Tick at least one system."


def playground(systems: dict[str, AnswerSystem]) -> "Playground":
    """Return a widget that puts questions to systems, each under its name; a notebook shows it in JupyterLab and Colab.

    Raises ValueError when there is no system.
    """
    if not systems:
        raise ValueError("systems is empty: give at least one, for example {'base + RAG': RagPipeline(…)}.")
    return Playground(systems)


class Playground(widgets.VBox):
    """A question box with a button, a tick box for each system, a status line, and the answers below it."""

    def __init__(self, systems: dict[str, AnswerSystem]) -> None:
        self.systems = systems
        self.question = widgets.Text(placeholder="Ask the handbook …", layout=widgets.Layout(width="70%"))
        self.button = widgets.Button(description="Ask", button_style="primary")
        self.chosen = {name: widgets.Checkbox(value=True, description=name, indent=False) for name in systems}
        self.status = widgets.HTML()
        self.answers = widgets.HTML()
        self.button.on_click(lambda _: self.ask())
        self.question.on_msg(self.on_question_message)
        rows = [widgets.HBox([self.question, self.button]), widgets.HBox(list(self.chosen.values()))]
        super().__init__([*rows, self.status, self.answers])

    def on_question_message(self, _: widgets.Widget, content: dict[str, Any], __: list[bytes]) -> None:
        """Ask when the browser tells that Enter was pressed in the question box."""
        if content.get("event") == "submit":
            self.ask()

    def ask(self) -> None:
        """Put the question to every ticked system; what goes wrong is said in the status line."""
        self.answers.value = ""
        names = [name for name, box in self.chosen.items() if box.value]
        if not self.question.value.strip():
            self.status.value = NO_QUESTION
            return
        if not names:
            self.status.value = NO_SYSTEM
            return
        self.status.value = THINKING
        self.button.disabled = True
        try:
            for name in names:
                self.answers.value += answer_html(name, self.systems[name].answer([self.question.value])[0])
            self.status.value = ""
        except Exception as error:  # whatever it is: a traceback in a callback would never be seen
            self.status.value = f"That did not work: {escape(str(error) or type(error).__name__)}"
        finally:
            self.button.disabled = False


def answer_html(name: str, answer: Answer) -> str:
    """Return an answer under its system's name, with its citations, passages and prompt in parts that unfold.

    What comes from models and documents is escaped.
    """
    heading = f"{name} (declined)" if answer.abstained else name
    parts = [f"<h4>{escape(heading)}</h4>", f"<p>{escape(answer.text)}</p>"]
    if answer.note:
        parts.append(f"<p><em>{escape(answer.note)}</em></p>")
    if answer.hits:
        cited = [number for number, hit in enumerate(answer.hits, start=1) if hit in answer.citations]
        sources = "".join(hit_html(number, answer.hits[number - 1]) for number in cited)
        passages = "".join(hit_html(number, hit) for number, hit in enumerate(answer.hits, start=1))
        parts.append(unfolding(f"Citations: {len(cited)}", sources or "<p>The answer cites nothing.</p>"))
        parts.append(unfolding(f"Passages: {len(answer.hits)} (confidence {answer.confidence:.2f})", passages))
    if answer.prompt:
        parts.append(unfolding("Prompt", "".join(map(message_html, answer.prompt))))
    return "".join(parts)


def unfolding(summary: str, content: str) -> str:
    """Return content, already HTML, that is hidden under a summary until that is clicked."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def hit_html(number: int, hit: Hit) -> str:
    """Return a numbered passage with its id and score."""
    head = f"[{number}] {hit.passage.id}, score {hit.score:.3f}"
    return f"<p><b>{escape(head)}</b></p>{preformatted(hit.passage.titled_text)}"


def message_html(message: Message) -> str:
    """Return one message of the prompt under its role."""
    return f"<p><b>{escape(message['role'])}</b></p>{preformatted(message['content'])}"


def preformatted(text: str) -> str:
    """Return a text whose line breaks are kept and whose long lines are wrapped."""
    return f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'
