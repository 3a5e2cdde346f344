"""Notebook 05's experiments at full length: what wordings, material, rank, learning rate, time and luck do.

Every variant teaches the same facts, closed book, and is asked on development wordings only. All take as many steps,
except those of "passes". One results file for each variant, so a broken-off run goes on where it stopped.
"""

import random
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from utils.corpus import load_documents, split_into_passages
from utils.data import HANDBOOK_FOLDER, Fact, Item, general_items, items_for, load_general
from utils.experiments.results import (
    RESULTS_FOLDER,
    ArmScores,
    data_sha256,
    is_current,
    read_results,
    run_arm,
    write_results,
)
from utils.experiments.training_sets import questions_passes, text_passes, train_wordings
from utils.finetuning import Example, LoraSettings, remove_adapter, train_adapter, train_all_weights
from utils.models import Generator
from utils.rag import ClosedBook

FOLDER = "tuning"
BASE = "base"
TUNED = "tuned"
WORDINGS = 10  # a fact takes part in the experiments when it has so many training wordings
NEVER_TAUGHT = 80
LORA = LoraSettings(learning_rate=2e-3)
ALL_WEIGHTS_RATE = 2e-4  # a tenth of the adapter's, as Schulman and others (2025) report for the best rates
TEXT_TOKENS = 96  # of a passage, when the handbook's text is taught
SPLIT = "dev"


@dataclass(frozen=True)
class Variant:
    """One way to train: in how many wordings each fact is shown, in how many passes, and the LoRA settings.

    `material` is what is taught: questions with answers, or the passages that hold the answers. `weights` is what is
    trained: an adapter, or all weights of the model (then of `lora` only batch size and seed count).
    """

    experiment: str
    label: str
    wordings: int = WORDINGS
    passes: int = 10
    lora: LoraSettings = field(default_factory=lambda: LORA)
    material: Literal["questions", "text"] = "questions"
    weights: Literal["adapter", "all"] = "adapter"

    @property
    def file(self) -> str:
        """The name of the variant's results file in data/results/tuning/, without its ending."""
        return f"{self.experiment} {self.label}".replace(" ", "-").replace("'", "")


STANDARD = Variant("standard", "rank 16 all linear")
VARIANTS = (
    STANDARD,
    Variant("wordings", "1", wordings=1),
    Variant("wordings", "3", wordings=3),
    Variant("kind", "the documents' text", material="text"),
    Variant("kind", "all weights", weights="all"),
    Variant(
        "rank",
        "16 attention only",
        lora=LoraSettings(target_modules=("q_proj", "k_proj", "v_proj", "o_proj"), learning_rate=2e-3),
    ),
    Variant("rank", "2", lora=LoraSettings(rank=2, alpha=4, learning_rate=2e-3)),
    Variant("learning rate", "0.0005", lora=LoraSettings(learning_rate=5e-4)),
    Variant("learning rate", "0.008", lora=LoraSettings(learning_rate=8e-3)),
    Variant("passes", "2", passes=2),
    Variant("passes", "5", passes=5),
    Variant("seed", "1", lora=LoraSettings(learning_rate=2e-3, seed=1)),
    Variant("seed", "2", lora=LoraSettings(learning_rate=2e-3, seed=2)),
)

KINDS = (STANDARD, *(variant for variant in VARIANTS if variant.experiment == "kind"))  # three meanings of fine-tuning


def taught_facts(facts: list[Fact]) -> list[Fact]:
    """Return the facts that every variant teaches: all trained facts with many wordings."""
    return [fact for fact in facts if fact.trained and len(train_wordings(fact)) >= WORDINGS]


def tuning_items(facts: list[Fact]) -> dict[str, list[Item]]:
    """Return what every variant is asked, by kind of question."""
    taught = taught_facts(facts)
    documents = {fact.doc_id for fact in taught}
    never = [fact for fact in facts if not fact.trained and fact.doc_id in documents]
    return {
        "trained wording": items_for(taught, "train", per_fact=1),
        "new wording": items_for(taught, SPLIT, per_fact=1),
        "never taught": random.Random(0).sample(items_for(never, SPLIT, per_fact=1), NEVER_TAUGHT),
        "general knowledge": general_items(load_general(), SPLIT),
    }


def variant_passes(variant: Variant, base: Generator, facts: list[Fact]) -> list[list[Example]]:
    """Return what a variant is trained on, pass by pass."""
    taught = taught_facts(facts)
    if variant.material == "questions":
        return questions_passes(taught, passes=variant.passes, wordings=variant.wordings)
    documents = load_documents(HANDBOOK_FOLDER)
    passages = split_into_passages(documents, base.count_tokens, max_tokens=TEXT_TOKENS, overlap_sentences=0)
    return text_passes(taught, passages, passes=variant.passes)


def run_variant(variant: Variant, base: Generator, facts: list[Fact]) -> None:
    """Train a variant, ask it everything, and write its results file."""
    passes = variant_passes(variant, base, facts)
    if variant.weights == "all":
        lora = variant.lora
        tuned = train_all_weights(
            base, passes, learning_rate=ALL_WEIGHTS_RATE, batch_size=lora.batch_size, seed=lora.seed
        )
    else:
        tuned = train_adapter(base, passes, variant.lora, name=TUNED, show_progress=False).generator
    write_results(f"{FOLDER}/{variant.file}", variant_settings(variant), ask_all(variant.label, tuned, facts))
    if variant.weights == "adapter":
        remove_adapter(base, TUNED)


def ask_all(label: str, generator: Generator, facts: list[Fact]) -> dict[str, list[ArmScores]]:
    """Return the scores of a generator's closed-book answers by kind of question."""
    arms = {}
    for kind, items in tuning_items(facts).items():
        arms[kind] = [run_arm(label, ClosedBook(generator), items)]
        print(f"{label}: {kind}: exact match {arms[kind][0].interval('em')}", flush=True)
    return arms


def variant_settings(variant: Variant) -> dict[str, Any]:
    """Return a variant's settings as they stand in its results file."""
    settings = {"wordings": variant.wordings, "passes": variant.passes, "lora": asdict(variant.lora)}
    if variant.weights == "all":
        settings["lora"]["learning_rate"] = ALL_WEIGHTS_RATE
    return settings | {"material": variant.material, "weights": variant.weights}


def run_tuning(base: Generator, facts: list[Fact], variants: tuple[Variant, ...] = VARIANTS) -> None:
    """Ask the base model, then train and ask every variant whose results file is missing or out of date."""
    (RESULTS_FOLDER / FOLDER).mkdir(exist_ok=True)
    if not is_current(f"{FOLDER}/{BASE}", {}, data_sha256()):
        write_results(f"{FOLDER}/{BASE}", {}, ask_all("base model", base, facts))
    for variant in variants:
        if not is_current(f"{FOLDER}/{variant.file}", variant_settings(variant), data_sha256()):
            print(f"training: {variant.experiment}: {variant.label} …", flush=True)
            run_variant(variant, base, facts)


def read_tuning(facts: list[Fact]) -> dict[str, dict[str, ArmScores]]:
    """Return for the base model ("base") and each variant, by the name of its file, the scores by kind of question.

    Raises what `read_results` raises.
    """
    items = [item for of_kind in tuning_items(facts).values() for item in of_kind]
    return {
        file: {kind: arms[0] for kind, arms in read_results(f"{FOLDER}/{file}", items).items()}
        for file in (BASE, *(variant.file for variant in VARIANTS))
    }
