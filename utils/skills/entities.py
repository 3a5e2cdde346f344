"""Named entities: the model writes them one on a line as `name: label`; they are found again in the text and scored.

F1 counts whole entities (Tjong Kim Sang & De Meulder 2003) as the library seqeval does, on BIO tags.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, get_args

from seqeval.metrics.sequence_labeling import get_entities

from utils.data import load_entities
from utils.data.records import Split
from utils.data.task_records import EntityLabel, LogLine
from utils.finetuning import LoraSettings
from utils.models import Embedder, Message
from utils.skills.scores import MICRO_F1
from utils.skills.tasks import Prompt, SkillItem, Task

LABELS = get_args(EntityLabel)
NOTHING = "none"
TOKEN = re.compile(r"\w+|[^\w\s]")
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")

FORMAT = (
    "List the named things in the log line, one on each line, as name: label. The labels are person, organisation, "
    "place, equipment, datetime and quantity. If there are none, write none."
)
PROMPTS = {
    "plain": Prompt(FORMAT),
    "question after": Prompt("You mark names in log lines.", f"Log line: {{text}}\n\n{FORMAT}"),
    "descriptions": Prompt(
        f"{FORMAT} person: people by name. organisation: firms, schools, institutes. place: rooms, huts, glaciers, "
        "cities. equipment: machines, ships and aircraft by name. datetime: times, dates, weekdays. quantity: numbers "
        "with their unit or what is counted."
    ),
    "examples": Prompt(
        FORMAT,
        examples=(
            (
                "Keeper Petrie greased the Aurora lamp at 0710 with 40 g of tallow.",
                "Petrie: person\nAurora lamp: equipment\n0710: datetime\n40 g: quantity",
            ),
            (
                "Tuesday: two ladders from Harbour Board came to Gull Rock.",
                "Tuesday: datetime\ntwo ladders: quantity\nHarbour Board: organisation\nGull Rock: place",
            ),
            ("Fog, and nobody about.", NOTHING),
        ),
    ),
}


class Found(NamedTuple):
    """An entity in a text: the characters from `start` up to, but not including, `end`, and its label."""

    start: int
    end: int
    label: str


def load(split: Split) -> list[SkillItem]:
    """Return the log lines of a split. Raises what the loader of the data raises."""
    return [
        SkillItem(line.item_id, line.item_id, "entities", line, write_entities(line.text, spans_of(line)))
        for line in load_entities(split)
    ]


def spans_of(line: LogLine) -> list[Found]:
    """Return the marked entities of a log line."""
    return [Found(span.start, span.end, span.label) for span in line.spans]


def messages(item: SkillItem, prompt: Prompt) -> list[Message]:
    """Return the conversation that asks for the entities of a log line."""
    return prompt.messages(item.record.text)


def write_entities(text: str, entities: Sequence[Found]) -> str:
    """Return entities in the format that the model learns: one `name: label` on a line, or "none"."""
    return "\n".join(f"{text[one.start : one.end]}: {one.label}" for one in entities) or NOTHING


def named_in(reply: str) -> list[tuple[str, str]]:
    """Return the names and labels that a reply lists; lines of another form are passed over.

    `label: name` is understood too, for a model that was only told of the format.
    """
    pairs = []
    for line in reply.splitlines():
        name, _, label = (part.strip() for part in BULLET.sub("", line).rpartition(":"))
        if label.lower() not in LABELS:
            label, _, name = (part.strip() for part in BULLET.sub("", line).partition(":"))
        if name and label.lower() in LABELS:
            pairs.append((name, label.lower()))
    return pairs


def read_entities(reply: str, text: str) -> list[Found]:
    """Return the entities that a reply lists, found again in the text, in their order there, without overlaps.

    A name is looked for behind the one before it, then anywhere; a name that is not in the text is passed over.
    """
    found: list[Found] = []
    cursor = 0
    for name, label in named_in(reply):
        whole_words = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        places = sorted(whole_words.finditer(text), key=lambda match: (match.start() < cursor, match.start()))
        for place in places:
            if all(place.end() <= one.start or place.start() >= one.end for one in found):
                found.append(Found(place.start(), place.end(), label))
                cursor = place.end()
                break
    return sorted(found)


def bio_tags(text: str, entities: Sequence[Found]) -> list[str]:
    """Return one tag for each word or mark of a text: B- where an entity begins, I- inside of it, O outside."""
    tags = []
    for token in TOKEN.finditer(text):
        inside = next((one for one in entities if one.start < token.end() and token.start() < one.end), None)
        begins = inside is not None and token.start() <= inside.start
        tags.append("O" if inside is None else f"{'B' if begins else 'I'}-{inside.label}")
    return tags


def score(reply: str, record: LogLine) -> dict[str, float]:
    """Return how many entities are correct (place and label), found and wanted, and names that are not in the text."""
    wanted = set(get_entities(bio_tags(record.text, spans_of(record))))
    entities = read_entities(reply, record.text)
    found = set(get_entities(bio_tags(record.text, entities)))
    return {
        "correct": float(len(found & wanted)),
        "found": float(len(found)),
        "wanted": float(len(wanted)),
        "invented": float(len(named_in(reply)) - len(entities)),
    }


def digits_masked(text: str) -> str:
    """Return a text with every digit replaced by 0, so that one time or amount looks like another."""
    return re.sub(r"\d", "0", text)


class Gazetteer:
    """A list of the names seen in training with their most frequent label: named entities without any model."""

    def __init__(self, lines: Sequence[LogLine]) -> None:
        """Collect names; those that are unmarked more often than marked are left out."""
        labels: dict[str, Counter[str]] = {}
        for line in lines:
            for span in line.spans:
                labels.setdefault(digits_masked(span.text), Counter())[span.label] += 1
        texts = "\n".join(digits_masked(line.text) for line in lines)
        self.labels = {
            name: counts.most_common(1)[0][0]
            for name, counts in labels.items()
            if 2 * counts.total() >= len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", texts))
        }
        longest_first = sorted(map(re.escape, self.labels), key=len, reverse=True)
        self.pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first) or '(?!)'})(?!\w)")

    def find(self, text: str) -> list[Found]:
        """Return the known names in a text, the longest where several begin."""
        matches = self.pattern.finditer(digits_masked(text))
        return [Found(match.start(), match.end(), self.labels[match[0]]) for match in matches]


def baselines(train: list[SkillItem], test: list[SkillItem], embedder: Embedder) -> dict[str, list[str]]:
    """Return what a gazetteer of the training lines finds, written as the model writes it."""
    gazetteer = Gazetteer([item.record for item in train])
    return {"gazetteer": [write_entities(item.record.text, gazetteer.find(item.record.text)) for item in test]}


TASK = Task(
    name="entities",
    folders=("entities",),
    prompts={"entities": PROMPTS},
    main_measure=MICRO_F1,
    lora=LoraSettings(rank=6, alpha=12, learning_rate=2e-3, batch_size=8),
    passes=5,
    max_new_tokens=64,
    load=load,
    messages=messages,
    score=score,
    baselines=baselines,
    classes=lambda record: {span.label for span in record.spans},
)
