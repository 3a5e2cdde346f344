"""Summaries in one sentence, scored by ROUGE-L against the one that a person wrote (Lin 2004, package rouge_score)."""

from rouge_score.rouge_scorer import RougeScorer

from utils.corpus import split_sentences
from utils.data import load_summaries
from utils.data.records import Split
from utils.data.task_records import Summary
from utils.finetuning import LoraSettings
from utils.models import Embedder, Message
from utils.skills.tasks import Prompt, SkillItem, Task

PROMPTS = {
    "plain": Prompt("Summarise the text in one sentence."),
    "question after": Prompt("You are a helpful assistant.", "{text}\n\nSummarise the text above in one sentence."),
    "cause and result": Prompt(
        "You write reports.",
        "{text}\n\nIn one sentence of at most 30 words: what happened, why, and what came of it?",
    ),
    "example": Prompt(
        "Summarise the text in one sentence.",
        examples=(
            (
                "Lamp out again\n\nAt ten the lamp of the lighthouse went dark. I thought of the bulb, but the bulb "
                "was good; a mouse had eaten through the cable behind the stairs. Mrs Petrie mended it by midnight. "
                "We have a cat now.",
                "A mouse that had gnawed through a cable put out the lighthouse lamp for two hours.",
            ),
        ),
    ),
}


def load(split: Split) -> list[SkillItem]:
    """Return the reports, permits and contracts of a split. Raises what the loader of the data raises."""
    return [SkillItem(one.item_id, one.item_id, "summaries", one, one.summary) for one in load_summaries(split)]


def messages(item: SkillItem, prompt: Prompt) -> list[Message]:
    """Return the conversation that asks for the summary of a text under its title."""
    return prompt.messages(f"{item.record.title}\n\n{item.record.text}")


def score(reply: str, record: Summary) -> dict[str, float]:
    """Return ROUGE-L, 0 … 1: the F1 of the longest common subsequence of words, without stemming."""
    scorer = RougeScorer(["rougeL"])
    return {"rouge_l": float(scorer.score(record.summary, reply)["rougeL"].fmeasure)}


def baselines(train: list[SkillItem], test: list[SkillItem], embedder: Embedder) -> dict[str, list[str]]:
    """Return the first sentence of each text."""
    return {"first sentence": [split_sentences(item.record.text)[0].strip() for item in test]}


TASK = Task(
    name="summaries",
    folders=("summaries",),
    prompts={"summaries": PROMPTS},
    main_measure="rouge_l",
    lora=LoraSettings(rank=6, alpha=12, learning_rate=1e-3, batch_size=4),
    passes=3,
    max_new_tokens=72,
    load=load,
    messages=messages,
    score=score,
    baselines=baselines,
)
