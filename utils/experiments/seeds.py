"""The head-to-head's two adapters trained again with other seeds: how much of a difference is the luck of training."""

from dataclasses import replace

from utils.data import COURSE_FOLDER, Item, load_facts
from utils.experiments.protocol import ADAPTERS_FOLDER, adapter_passes, handbook_passages, ready_adapter, test_items
from utils.experiments.results import ArmScores, data_sha256, is_current, read_results, run_arms
from utils.experiments.settings import AdapterSettings, Settings
from utils.models import Embedder, Generator
from utils.rag import AnswerSystem, ClosedBook, RagPipeline
from utils.retrieval import course_retriever

SEEDS = (1, 2)  # beside that of the settings
SEED_ADAPTERS = COURSE_FOLDER / "build" / ADAPTERS_FOLDER.name  # not committed: their answers are


def file_of_seed(seed: int) -> str:
    """Return the name of the results file of a seed."""
    return f"head_to_head-seed-{seed}"


def with_seed(settings: Settings, seed: int) -> Settings:
    """Return the settings with another seed for both adapters."""

    def reseeded(adapter: AdapterSettings) -> AdapterSettings:
        return adapter.model_copy(update={"lora": replace(adapter.lora, seed=seed)})

    questions, reader = reseeded(settings.questions_adapter), reseeded(settings.reader_adapter)
    return settings.model_copy(update={"questions_adapter": questions, "reader_adapter": reader})


def run_seeds(settings: Settings, embedder: Embedder, base: Generator) -> None:
    """Train both adapters with each further seed, and put the test questions to them, unless that is up to date."""
    facts = load_facts()
    retriever = course_retriever(handbook_passages(embedder, settings), embedder)
    for seed in SEEDS:
        seeded = with_seed(settings, seed)
        frozen = seeded.model_dump(mode="json")
        if is_current(file_of_seed(seed), frozen, data_sha256()):
            continue
        adapters = {}
        for name, of_adapter in (("questions", seeded.questions_adapter), ("reader", seeded.reader_adapter)):
            passes = adapter_passes(name, facts, embedder, seeded)
            folder = SEED_ADAPTERS / f"{name}-seed-{seed}"
            adapters[name] = ready_adapter(name, base, passes, of_adapter, folder)
        systems: dict[str, AnswerSystem] = {
            "questions adapter": ClosedBook(adapters["questions"]),
            "reader adapter + RAG": RagPipeline(retriever, adapters["reader"], k=seeded.reader_passages),
        }
        run_arms(file_of_seed(seed), frozen, test_items(facts), lambda _, systems=systems: systems)


def read_seeds(items: list[Item]) -> dict[int, dict[str, dict[str, ArmScores]]]:
    """Return the two trained arms' scores by seed, split and arm; seed 0 is the head-to-head itself.

    Raises what `read_results` raises.
    """
    files = {0: "head_to_head"} | {seed: file_of_seed(seed) for seed in SEEDS}
    return {
        seed: {
            split: {arm.arm: arm for arm in arms if arm.arm in ("questions adapter", "reader adapter + RAG")}
            for split, arms in read_results(file, items).items()
        }
        for seed, file in files.items()
    }
