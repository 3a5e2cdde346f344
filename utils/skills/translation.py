"""Translation from English to French, scored by chrF (Popović 2015, package sacrebleu)."""

from utils.applications.chrf import chrf
from utils.applications.translation import SYSTEM, TRANSLATION_TOKENS, TranslationMemory, first_line
from utils.data import load_translation
from utils.data.records import Split
from utils.data.task_records import TranslationPair
from utils.finetuning import LoraSettings
from utils.models import Embedder, Message
from utils.skills.tasks import Prompt, SkillItem, Task

PROMPTS = {
    "plain": Prompt(SYSTEM),
    "only the translation": Prompt(
        "You translate a program's interface from English into French. Write the translation and nothing else."
    ),
    "question after": Prompt(
        "You are a helpful assistant.", "Translate this into French, without any comment.\n\nEnglish: {text}\nFrench:"
    ),
    "examples": Prompt(
        SYSTEM,
        examples=(
            ("Print the tide table", "Imprimer la table des marées"),
            ("The lamp is already lit.", "La lampe est déjà allumée."),
            ("Number of boats", "Nombre de bateaux"),
        ),
    ),
}


def load(split: Split) -> list[SkillItem]:
    """Return the pairs of a split, near-duplicates in one cluster. Raises what the loader of the data raises."""
    return [SkillItem(pair.item_id, pair.group, "translation", pair, pair.fr) for pair in load_translation(split)]


def messages(item: SkillItem, prompt: Prompt) -> list[Message]:
    """Return the conversation that asks for the French of an English text."""
    return prompt.messages(item.record.en)


def score(reply: str, record: TranslationPair) -> dict[str, float]:
    """Return chrF, 0 … 1, of a reply's first line."""
    return {"chrf": chrf(first_line(reply), record.fr)}


def baselines(train: list[SkillItem], test: list[SkillItem], embedder: Embedder) -> dict[str, list[str]]:
    """Return the French of the most similar training pair, and the English left as it is: both without a model."""
    memory = TranslationMemory([item.record for item in train], embedder)
    nearest = [matches[0].pair.fr for matches in memory.search([item.record.en for item in test], 1)]
    return {"nearest memory entry": nearest, "the English itself": [item.record.en for item in test]}


TASK = Task(
    name="translation",
    folders=("translation",),
    prompts={"translation": PROMPTS},
    main_measure="chrf",
    lora=LoraSettings(rank=6, alpha=12, learning_rate=1e-3, batch_size=16),
    passes=2,
    max_new_tokens=TRANSLATION_TOKENS,
    load=load,
    messages=messages,
    score=score,
    baselines=baselines,
)
