"""The head-to-head's two adapters trained again with other seeds: how much of a difference is the luck of training."""

from dataclasses import replace

from utils.data import COURSE_FOLDER, Item, load_facts
from utils.experiments.protocol import (
    ADAPTERS,
    ADAPTERS_FOLDER,
    HEAD_TO_HEAD,
    adapter_passes,
    handbook_passages,
    head_to_head_systems,
    ready_adapters,
    test_items,
)
from utils.experiments.results import ArmScores, data_sha256, is_current, read_results
from utils.experiments.resumable import run_arms
from utils.experiments.settings import AdapterSettings, Settings
from utils.models import Embedder, Generator
from utils.retrieval import course_retriever

SEEDS = (1, 2)  # beside that of the settings
SEED_ADAPTERS = COURSE_FOLDER / "build" / ADAPTERS_FOLDER.name  # not committed: their answers are
TRAINED_ARMS = ("questions adapter", "reader adapter + RAG")


def file_of_seed(seed: int) -> str:
    """Return the name of the results file of a seed."""
    return f"{HEAD_TO_HEAD}-seed-{seed}"


def with_seed(settings: Settings, seed: int) -> Settings:
    """Return the settings with another seed for both adapters."""

    def reseeded(adapter: AdapterSettings) -> AdapterSettings:
        return adapter.model_copy(update={"lora": replace(adapter.lora, seed=seed)})

    questions, reader = reseeded(settings.questions_adapter), reseeded(settings.reader_adapter)
    return settings.model_copy(update={"questions_adapter": questions, "reader_adapter": reader})


def run_seeds(settings: Settings, embedder: Embedder, base: Generator) -> None:
    """Train both adapters with each further seed, and put the test questions to them, unless that is up to date."""
    seeded = {seed: with_seed(settings, seed) for seed in SEEDS}
    frozen = {seed: of_seed.model_dump(mode="json") for seed, of_seed in seeded.items()}
    due = [seed for seed in SEEDS if not is_current(file_of_seed(seed), frozen[seed], data_sha256())]
    if not due:
        return
    facts = load_facts()
    retriever = course_retriever(handbook_passages(embedder, settings), embedder)
    passes = {name: adapter_passes(name, facts, embedder, settings) for name in ADAPTERS}
    for seed in due:
        adapters = ready_adapters(base, passes, seeded[seed], SEED_ADAPTERS, f"-seed-{seed}")
        systems = head_to_head_systems(base, adapters["questions"], adapters["reader"], retriever, settings)
        trained = {arm: systems[arm] for arm in TRAINED_ARMS}
        run_arms(file_of_seed(seed), frozen[seed], test_items(facts), lambda _, trained=trained: trained)


def read_seeds(items: list[Item]) -> dict[int, dict[str, dict[str, ArmScores]]]:
    """Return the two trained arms' scores by seed, split and arm; seed 0 is the head-to-head itself.

    Raises what `read_results` raises.
    """
    files = {0: HEAD_TO_HEAD} | {seed: file_of_seed(seed) for seed in SEEDS}
    return {
        seed: {
            split: {arm.arm: arm for arm in arms if arm.arm in TRAINED_ARMS}
            for split, arms in read_results(file, items).items()
        }
        for seed, file in files.items()
    }
