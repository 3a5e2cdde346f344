"""What the five skills have in common: items, prompts, and the shape of a task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from utils.data.records import Record, Split
from utils.finetuning import Example, LoraSettings
from utils.models import Embedder, Message


class Prompt(NamedTuple):
    """How a text is put to the model: a system message, a template for the text, and worked examples (text, reply)."""

    system: str
    user: str = "{text}"
    examples: tuple[tuple[str, str], ...] = ()

    def messages(self, text: str, *, turns: Sequence[Message] = (), **fields: str) -> list[Message]:
        """Return the conversation that asks about a text, after earlier turns; `fields` fill both templates.

        Raises ValueError for an empty text.
        """
        if not text.strip():
            raise ValueError("The text is empty: there is nothing to ask about.")
        shown: list[Message] = []
        for example, reply in self.examples:
            shown.append({"role": "user", "content": self.user.format(text=example, **fields)})
            shown.append({"role": "assistant", "content": reply})
        last: Message = {"role": "user", "content": self.user.format(text=text, **fields)}
        return [{"role": "system", "content": self.system.format(**fields)}, *shown, *turns, last]


@dataclass(frozen=True)
class SkillItem:
    """One item of a task: its record, the answer to learn, its kind, and the cluster that it is resampled with."""

    item_id: str
    cluster: str
    kind: str
    record: Record
    answer: str


@dataclass(frozen=True)
class Task:
    """A skill: its data, the prompts that ask for it, how replies are scored, and how its adapter is trained.

    `prompts` holds for each kind of item some prompts by name; an adapter is always trained and asked with the first.
    `score` returns the values of a reply by measure. `baselines` returns, by name, replies to items (its second
    argument) that were made from the training items (its first) without a generator. `classes` returns the classes
    of a record, if it has any. Items of the kinds `seen_once` are many: they are dealt out over the passes.
    """

    name: str
    folders: tuple[str, ...]  # in data/tasks/
    prompts: dict[str, dict[str, Prompt]]
    main_measure: str
    lora: LoraSettings
    passes: int
    max_new_tokens: int
    load: Callable[[Split], list[SkillItem]]
    messages: Callable[[SkillItem, Prompt], list[Message]]
    score: Callable[[str, Record], dict[str, float]]
    baselines: Callable[[list[SkillItem], list[SkillItem], Embedder], dict[str, list[str]]]
    classes: Callable[[Record], set[str]] = field(default=lambda record: set())
    seen_once: frozenset[str] = frozenset()

    @property
    def kinds(self) -> list[str]:
        """The kinds of items; each has its own prompts and its own row in a table."""
        return list(self.prompts)

    def adapter_prompt(self, kind: str) -> Prompt:
        """Return the prompt that the adapter is trained and asked with."""
        return next(iter(self.prompts[kind].values()))

    def example(self, item: SkillItem) -> Example:
        """Return an item as a training example."""
        return Example(self.messages(item, self.adapter_prompt(item.kind)), item.answer)

    def training_passes(self, items: list[SkillItem]) -> list[list[Example]]:
        """Return what the adapter is trained on, pass by pass."""
        rare = [item for item in items if item.kind in self.seen_once]
        always = [item for item in items if item.kind not in self.seen_once]
        return [
            [self.example(item) for item in [*always, *rare[number :: self.passes]]] for number in range(self.passes)
        ]


def check_classes(task: Task, train: list[SkillItem], test: list[SkillItem]) -> None:
    """Raise ValueError when a test item has a class that no training item of its kind has."""
    known = {(item.kind, name) for item in train for name in task.classes(item.record)}
    for item in test:
        unseen = sorted(name for name in task.classes(item.record) if (item.kind, name) not in known)
        if unseen:
            raise ValueError(
                f"{task.name}: the test item {item.item_id!r} has the class {unseen[0]!r}, which no training item has. "
                "Nothing can learn it: add training items of this class, or leave it out of the test split."
            )
