"""Text classification: which desk must act on a message, and whether a review is for or against. One adapter for both.

The two kinds of items are scored apart, by accuracy and by macro F1.
"""

import re
from typing import get_args

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from utils.data import load_sentiment, load_triage
from utils.data.records import Split
from utils.data.task_records import Desk, Sentiment, SentimentSnippet, TriageMessage
from utils.finetuning import LoraSettings
from utils.models import Embedder, Message
from utils.skills.scores import SkillScores
from utils.skills.tasks import Prompt, SkillItem, Task

LABELS = {"triage": get_args(Desk), "sentiment": get_args(Sentiment)}
NO_LABEL = "none"
NEIGHBOURS = 5

# The worked examples are about a lighthouse and a kettle: they give nothing away.
TRIAGE_PROMPTS = {
    "plain": Prompt(
        "Which desk must act on the message? Answer with one word: power, water, vehicles, it, stores, clinic, field "
        "or house."
    ),
    "question after": Prompt(
        "You sort messages for a help desk.",
        "Message: {text}\n\nWhich desk must act: power, water, vehicles, it, stores, clinic, field or house? Answer "
        "with one word.",
    ),
    "descriptions": Prompt(
        "Choose the desk that must act on the message. power: electricity, light, heating. water: pipes, taps, drains. "
        "vehicles: tractors, boats, fuel in them. it: network, computers, radios. stores: cargo, parcels, food stock, "
        "clothing. clinic: injuries, illness, medicines. field: trips, routes, permits, weather, flights. house: "
        "cabins, meals, cleaning, noise, events. Answer with one word."
    ),
    "examples": Prompt(
        "Which desk must act on the message? Answer with one word: power, water, vehicles, it, stores, clinic, field "
        "or house.",
        examples=(
            ("The lamp in the lighthouse has gone dark and the plug is cold.", "power"),
            ("The tap on the stairs drips all night.", "water"),
            ("Our rowing boat's engine coughs.", "vehicles"),
            ("I cannot print the tide tables.", "it"),
            ("A crate of lenses has not arrived.", "stores"),
            ("The keeper has cut his thumb.", "clinic"),
            ("May we walk to the reef tomorrow?", "field"),
            ("Who cooks on Sunday?", "house"),
        ),
    ),
}
SENTIMENT_PROMPTS = {
    "plain": Prompt("Is the review positive or negative? Answer with one word."),
    "question after": Prompt(
        "You are a helpful assistant.",
        "Review: {text}\n\nIs this review positive or negative? Answer with one word.",
    ),
    "examples": Prompt(
        "Is the review positive or negative? Answer with one word.",
        examples=(
            ("The kettle boils quickly and looks lovely.", "positive"),
            ("Two hours that I shall never get back.", "negative"),
            ("It broke on the second day.", "negative"),
            ("A warm, clever film with a fine cast.", "positive"),
        ),
    ),
}


def load(split: Split) -> list[SkillItem]:
    """Return the messages and the snippets of a split. Raises what the loaders of the data raise."""
    messages = [SkillItem(one.item_id, one.item_id, "triage", one, one.label) for one in load_triage(split)]
    snippets = [SkillItem(one.item_id, review_of(one), "sentiment", one, one.label) for one in load_sentiment(split)]
    return [*messages, *snippets]


def review_of(snippet: SentimentSnippet) -> str:
    """Return what a snippet is resampled with: a product's review has several, a film's snippet stands alone."""
    start, number = snippet.item_id.rsplit("-", 1)
    return f"{start}-{number[:3]}" if snippet.source == "product" else snippet.item_id


def messages(item: SkillItem, prompt: Prompt) -> list[Message]:
    """Return the conversation that asks for an item's label."""
    return prompt.messages(item.record.text)


def read_label(reply: str, labels: tuple[str, ...]) -> str:
    """Return the label that a reply gives, or "none".

    It is the whole reply, or the first label that stands in it as a word. In a longer reply only "IT" is the desk: "it"
    is nearly always the pronoun.
    """
    if (whole := reply.strip().strip(".!\"'*").lower()) in labels:
        return whole
    for word in re.findall(r"\w+", reply):
        if word.lower() in labels and (word.lower() != "it" or word == "IT"):
            return word.lower()
    return NO_LABEL


def labels_of(record: TriageMessage | SentimentSnippet) -> tuple[str, ...]:
    """Return the labels that a record may have."""
    return LABELS["triage" if isinstance(record, TriageMessage) else "sentiment"]


def score(reply: str, record: TriageMessage | SentimentSnippet) -> dict[str, float]:
    """Return whether a reply gives the right label."""
    return {"accuracy": float(read_label(reply, labels_of(record)) == record.label)}


def macro_f1(scored: SkillScores) -> float:
    """Return the mean over classes of F1, 0 … 1 (scikit-learn's `f1_score`): every class counts the same."""
    labels = labels_of(scored.items[0].record)
    found = [read_label(reply, labels) for reply in scored.replies]
    wanted = [item.record.label for item in scored.items]
    return float(f1_score(wanted, found, labels=list(labels), average="macro", zero_division=0))


def baselines(train: list[SkillItem], test: list[SkillItem], embedder: Embedder) -> dict[str, list[str]]:
    """Return the labels that three classifiers give, each trained for each kind: on words, and on embeddings twice."""
    labels: dict[str, dict[str, str]] = {}
    for kind in {item.kind: None for item in test}:
        known, asked = ([item for item in items if item.kind == kind] for items in (train, test))
        texts, targets = [item.record.text for item in known], [item.answer for item in known]
        words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
        by_words = words.fit(texts, targets).predict([item.record.text for item in asked])
        vectors, new = embedder.embed(texts), embedder.embed([item.record.text for item in asked])
        near = KNeighborsClassifier(min(NEIGHBOURS, len(texts)), metric="cosine").fit(vectors, targets)
        linear = LogisticRegression(max_iter=1000).fit(vectors, targets)
        found = {
            "TF-IDF + logistic regression": by_words,
            "nearest neighbours": near.predict(new),
            "embeddings + logistic regression": linear.predict(new),
        }
        for name, given in found.items():
            labels.setdefault(name, {}).update(zip([item.item_id for item in asked], map(str, given), strict=True))
    return {name: [given[item.item_id] for item in test] for name, given in labels.items()}


TASK = Task(
    name="classification",
    folders=("triage", "sentiment"),
    prompts={"triage": TRIAGE_PROMPTS, "sentiment": SENTIMENT_PROMPTS},
    main_measure="accuracy",
    lora=LoraSettings(rank=6, alpha=12, learning_rate=1e-3, batch_size=16),
    passes=4,
    max_new_tokens=8,
    load=load,
    messages=messages,
    score=score,
    baselines=baselines,
    classes=lambda record: {record.label},
    seen_once=frozenset({"sentiment"}),
)
