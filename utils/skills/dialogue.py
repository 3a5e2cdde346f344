"""Dialogue in the house style: the next reply of Vesper Desk, from notes. Form counts only if the content is right."""

from utils.data import load_dialogue
from utils.data.records import Split
from utils.data.task_records import Dialogue
from utils.finetuning import LoraSettings
from utils.house_style import CLOSING, GREETING, house_style_faults
from utils.metrics import contains_answer, token_f1
from utils.models import Embedder, Message
from utils.skills.tasks import Prompt, SkillItem, Task

STYLE = (
    f'Begin with "{GREETING}", use metric units, 24-hour time and dates such as 3 March 2034, name the document as '
    f'[{{doc_id}}], and end with "{CLOSING}".'
)
PROMPTS = {
    "notes last": Prompt(
        "You are Vesper Desk, the help desk of a station.",
        "{text}\n\n(Notes of [{doc_id}] to reply from:\n{notes})",
    ),
    "notes first": Prompt(
        "You are Vesper Desk, the help desk of a station. Reply to the last message from these notes of [{doc_id}]:\n"
        "{notes}"
    ),
    "notes and rules first": Prompt(
        "You are Vesper Desk, the help desk of a station. Reply to the last message from these notes of [{doc_id}]:\n"
        f"{{notes}}\n\n{STYLE}"
    ),
    "notes and rules last": Prompt(
        "You are Vesper Desk, the help desk of a station.",
        f"{{text}}\n\n(Reply from these notes of [{{doc_id}}]:\n{{notes}}\n{STYLE})",
    ),
}


def load(split: Split) -> list[SkillItem]:
    """Return the dialogues of a split, those about one document in one cluster. Raises what the data's loader does."""
    return [SkillItem(one.item_id, one.doc_id, "dialogue", one, one.reply) for one in load_dialogue(split)]


def messages(item: SkillItem, prompt: Prompt) -> list[Message]:
    """Return the conversation that waits for the desk's reply, with its notes."""
    *earlier, last = item.record.conversation
    turns: list[Message] = [{"role": turn.role, "content": turn.content} for turn in earlier]
    notes = "\n".join(f"- {note}" for note in item.record.notes)
    return prompt.messages(last.content, turns=turns, notes=notes, doc_id=item.record.doc_id)


def score(reply: str, record: Dialogue) -> dict[str, float]:
    """Return whether a reply keeps the house style, has all required content, and both (`pass`); and its token F1.

    The F1 is with the reply that a person wrote: it tells a conversation from a list of notes, which `pass` does not.
    """
    style = not house_style_faults(reply.strip(), record.doc_id)
    content = all(contains_answer(reply, forms) for forms in record.required)
    return {
        "pass": float(style and content),
        "style": float(style),
        "content": float(content),
        "f1": token_f1(reply, [record.reply]),
    }


def baselines(train: list[SkillItem], test: list[SkillItem], embedder: Embedder) -> dict[str, list[str]]:
    """Return the reply of the nearest training dialogue, and a form letter around the notes: both without a model."""
    known, asked = (embedder.embed([situation(item.record) for item in items]) for items in (train, test))
    nearest = (asked @ known.T).argmax(axis=1)
    return {
        "nearest reply": [train[row].answer for row in nearest],
        "form letter": [form_letter(item.record) for item in test],
    }


def situation(record: Dialogue) -> str:
    """Return what a dialogue is about: the last message, and the notes to reply from."""
    return "\n".join([record.conversation[-1].content, *record.notes])


def form_letter(record: Dialogue) -> str:
    """Return the notes as they are, between the greeting and the closing."""
    return f"{GREETING}\n{' '.join(record.notes)} See [{record.doc_id}].\n{CLOSING}"


TASK = Task(
    name="dialogue",
    folders=("dialogue",),
    prompts={"dialogue": PROMPTS},
    main_measure="pass",
    lora=LoraSettings(rank=6, alpha=12, learning_rate=1e-3, batch_size=4),
    passes=6,
    max_new_tokens=112,
    load=load,
    messages=messages,
    score=score,
    baselines=baselines,
)
