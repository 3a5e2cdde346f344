"""The long protocol behind `make results`: train both adapters, sweep the prompt on dev, run every arm on test once.

Each step leaves a file and is skipped when that file already belongs to the present data and settings.
"""

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.corpus import Document, Passage, load_documents, split_into_passages
from utils.data import DATA_FOLDER, HANDBOOK_FOLDER, Fact, Item, items_for, load_facts, majority_answers
from utils.experiments.reading import NAME as READING
from utils.experiments.reading import ReadingExperiments, gold_retriever, plain_items
from utils.experiments.results import ArmScores, data_sha256, is_current, read_results, score_replies
from utils.experiments.resumable import run_arms
from utils.experiments.settings import AdapterSettings, Settings
from utils.experiments.training_sets import questions_passes, reader_examples
from utils.finetuning import Example, load_adapter, read_card, save_adapter, train_adapter
from utils.finetuning.examples import examples_sha256
from utils.models import Embedder, Generator
from utils.rag import PROMPTS, AnswerSystem, ClosedBook, RagPipeline
from utils.retrieval import Retriever, course_retriever

SWEEP, HEAD_TO_HEAD = "prompt_sweep", "head_to_head"
ADAPTERS_FOLDER = DATA_FOLDER / "adapters"
ADAPTERS = ("questions", "reader")
SWEPT_PROMPTS = (
    ("few words", 1),
    ("text above", 1),
    ("copy the sentence", 1),
    ("two examples", 1),
    ("copy the sentence", 2),
    ("two examples", 2),
)


def prompt_name(prompt: str, k: int) -> str:
    """Return the name of a swept combination in results files."""
    return f"{prompt}, {k} passage{'s' if k > 1 else ''}"


def handbook_passages(embedder: Embedder, settings: Settings, documents: list[Document] | None = None) -> list[Passage]:
    """Return the handbook (or the given documents) in passages of the frozen size."""
    return split_into_passages(
        documents or load_documents(HANDBOOK_FOLDER),
        embedder.count_tokens,
        max_tokens=settings.passage_tokens,
        overlap_sentences=settings.overlap_sentences,
    )


def adapter_passes(name: str, facts: list[Fact], embedder: Embedder, settings: Settings) -> list[list[Example]]:
    """Return what an adapter of the head-to-head, "questions" or "reader", is trained on, pass by pass."""
    if name == "questions":
        return questions_passes(facts, passes=settings.questions_adapter.passes)
    train_documents = {fact.doc_id for fact in facts if fact.doc_split == "train"}
    documents = [document for document in load_documents(HANDBOOK_FOLDER) if document.id in train_documents]
    passages = handbook_passages(embedder, settings, documents)
    retriever = course_retriever(passages, embedder)
    return [
        reader_examples(
            facts,
            passages,
            retriever,
            k=settings.reader_training_passages,
            wordings=settings.reader_wordings,
            seed=number,
        )
        for number in range(settings.reader_adapter.passes)
    ]


def ready_adapter(
    name: str, generator: Generator, passes: list[list[Example]], settings: AdapterSettings, folder: Path
) -> Generator:
    """Return a generator with the adapter from a folder, training and saving it first unless the folder holds it.

    A folder holds the adapter when its card names the same examples, settings and base model. Training that is broken
    off goes on from its last checkpoint when it is asked for again.
    """
    wanted = {
        "examples_sha256": examples_sha256([example for of_pass in passes for example in of_pass]),
        "settings": asdict(settings.lora),
        "base_model": generator.name,
    }
    try:
        card = read_card(folder)
    except FileNotFoundError:
        card = {}
    if any(card.get(key) != value for key, value in wanted.items()):
        print(f"training the {name} adapter: {sum(map(len, passes))} examples …", flush=True)
        checkpoints = folder.with_name(f"{folder.name}.checkpoints")
        run = train_adapter(
            generator,
            passes,
            settings.lora,
            name=name,
            show_progress=False,
            checkpoints=checkpoints / hashlib.sha256(repr(wanted).encode()).hexdigest()[:12],
        )
        save_adapter(run, folder, about={"name": name, "passes": settings.passes})
        shutil.rmtree(checkpoints)
    return load_adapter(generator, folder, name=name)


def ready_adapters(
    base: Generator, passes: dict[str, list[list[Example]]], settings: Settings, folder: Path, suffix: str = ""
) -> dict[str, Generator]:
    """Return generators with the head-to-head's adapters, by name, from folders of that name and suffix in a folder."""
    settings_of = {"questions": settings.questions_adapter, "reader": settings.reader_adapter}
    return {
        name: ready_adapter(name, base, passes[name], of_adapter, folder / f"{name}{suffix}")
        for name, of_adapter in settings_of.items()
    }


def sweep_items(facts: list[Fact]) -> list[Item]:
    """Return what the prompts are chosen on: every fact of a development document, asked plainly and in new words."""
    return [*plain_items(facts, "dev"), *items_for([fact for fact in facts if fact.doc_split == "dev"], "dev")]


def prompts_sha256() -> str:
    """Return a hash of the prompts' texts, so that a sweep over other ones is not taken for a present one."""
    return hashlib.sha256(repr(PROMPTS).encode()).hexdigest()


def sweep_prompts(settings: Settings, frozen: dict[str, Any], base: Generator, retriever: Retriever) -> None:
    """Ask the base model development questions with every prompt and number of passages, and write the results.

    Best is the highest containment, ties going to the earlier combination. Raises ValueError when that is another one
    than the settings say.
    """
    items = sweep_items(load_facts())
    systems = {prompt_name(prompt, k): RagPipeline(retriever, base, k=k, prompt=prompt) for prompt, k in SWEPT_PROMPTS}
    run_arms(SWEEP, frozen, {"dev": items}, lambda _: systems)
    scored = read_results(SWEEP, items)["dev"]
    best = max(scored, key=lambda arm: arm.interval("containment").estimate).arm
    if best != prompt_name(settings.base_prompt, settings.base_passages):
        raise ValueError(f"The best base prompt on dev is {best}: write that into data/results/settings.json.")


def head_to_head_systems(
    base: Generator, questions: Generator, reader: Generator, retriever: Retriever, settings: Settings
) -> dict[str, AnswerSystem]:
    """Return the four arms of the head-to-head by name."""
    return {
        "base": ClosedBook(base),
        "base + RAG": RagPipeline(retriever, base, k=settings.base_passages, prompt=settings.base_prompt),
        "questions adapter": ClosedBook(questions),
        "reader adapter + RAG": RagPipeline(retriever, reader, k=settings.reader_passages),
    }


def bracketing_systems(
    base: Generator, questions: Generator, reader: Generator, retriever: Retriever, gold: Retriever, settings: Settings
) -> dict[str, AnswerSystem]:
    """Return the arms that explain the four: the questions adapter with passages, and reading the gold passage."""
    return {
        "questions adapter + RAG": RagPipeline(
            retriever, questions, k=settings.base_passages, prompt=settings.base_prompt
        ),
        "base + gold passage": RagPipeline(gold, base, k=1, prompt=settings.base_prompt),
        "reader adapter + gold passage": RagPipeline(gold, reader, k=1),
    }


def majority_arm(facts: list[Fact], items: list[Item]) -> ArmScores:
    """Return the scores of a guesser who always gives the most frequent answer of the right type."""
    guesses = majority_answers(facts)
    return score_replies("majority answer per type", items, [guesses[item.answer_type] for item in items])


def test_items(facts: list[Fact]) -> dict[str, list[Item]]:
    """Return the test questions by split: facts of test documents, taught to the questions adapter or not.

    Each kind of fact is asked for in plain words, which for taught facts are a training wording, and in new, roundabout
    ones. The control of memory needs fewer questions: it is asked of every third taught fact.
    """
    of_test = [fact for fact in facts if fact.doc_split == "test"]
    taught = [fact for fact in of_test if fact.trained]
    never = [fact for fact in of_test if not fact.trained]
    return {
        "trained facts, trained wording": items_for(taught[::3], "train", per_fact=1),
        "trained facts, new wording": items_for(taught, "test"),
        "never-trained facts, plain wording": items_for(never, "train", per_fact=1),
        "never-trained facts, new wording": items_for(never, "test"),
    }


def passage_settings(settings: Settings) -> dict[str, Any]:
    """Return what the passages and the prompts depend on, as it stands in results files."""
    cut = settings.model_dump(mode="json", include={"passage_tokens", "overlap_sentences"})
    return cut | {"prompts_sha256": prompts_sha256()}


def run_reading(settings: Settings, embedder: Embedder, base: Generator) -> None:
    """Measure how the base model reads what it is shown, unless that is up to date."""
    asked_so = passage_settings(settings) | settings.model_dump(include={"base_prompt", "base_passages"})
    if not is_current(READING, asked_so, data_sha256()):
        passages = handbook_passages(embedder, settings)
        experiments = ReadingExperiments(base, course_retriever(passages, embedder), passages, settings)
        experiments.run(load_facts(), asked_so)


def run_protocol(settings: Settings, embedder: Embedder, base: Generator) -> None:
    """Run every step whose file is missing or out of date."""
    facts = load_facts()
    passages = handbook_passages(embedder, settings)
    retriever = course_retriever(passages, embedder)
    cut = passage_settings(settings)
    if not is_current(SWEEP, cut, data_sha256()):
        sweep_prompts(settings, cut, base, retriever)
    passes = {name: adapter_passes(name, facts, embedder, settings) for name in ADAPTERS}
    adapters = ready_adapters(base, passes, settings, ADAPTERS_FOLDER)
    all_settings = settings.model_dump(mode="json")
    if not is_current(HEAD_TO_HEAD, all_settings, data_sha256()):
        generators = (base, adapters["questions"], adapters["reader"])
        systems = head_to_head_systems(*generators, retriever, settings)

        def all_systems(items: list[Item]) -> dict[str, AnswerSystem]:
            gold = gold_retriever(items, passages)
            return systems | bracketing_systems(*generators, retriever, gold, settings)

        splits = test_items(facts)
        guesser = {split: [majority_arm(facts, items)] for split, items in splits.items()}
        run_arms(HEAD_TO_HEAD, all_settings, splits, all_systems, guesser)
