"""Training sets, results files, and the committed results and adapters."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from utils.data import COURSE_FOLDER, Item, items_for, load_facts
from utils.docstrings import load_docstrings
from utils.experiments import (
    compare_pairs,
    comparison_table,
    index_scale,
    load_settings,
    questions_passes,
    read_results,
    reader_examples,
    run_arm,
    score_replies,
    write_results,
)
from utils.experiments import results as results_module
from utils.experiments.index_scale import docstring_collection, measure_indexes, read_index_scale
from utils.experiments.protocol import (
    ADAPTERS_FOLDER,
    adapter_passes,
    handbook_passages,
    majority_arm,
    prompt_name,
    sweep_items,
)
from utils.experiments.protocol import (
    test_items as items_of_test_documents,
)
from utils.experiments.resumable import Measurement, run_arms
from utils.experiments.seeds import SEEDS, read_seeds, with_seed
from utils.finetuning import load_adapter, read_card, remove_adapter
from utils.finetuning.examples import examples_sha256
from utils.rag import NOT_FOUND, Answer
from utils.retrieval import LexicalRetriever

ITEMS = [Item(f"i{n}", f"Question {n}?", [f"answer {n}"], "phrase", f"f{n}", f"d{n // 2}", "") for n in range(4)]


@pytest.fixture(scope="module")
def facts():
    return load_facts()


class Oracle:
    """Knows the answers to the first two questions only."""

    def answer(self, questions):
        texts = ["answer 0", "It is answer 1.", "wrong", "wrong"]
        return [Answer(text, [], [], False) for text in texts[: len(questions)]]


def test_run_arm_scores_every_item():
    arm = run_arm("oracle", Oracle(), ITEMS)
    assert arm.scores["em"] == [1, 0, 0, 0]
    assert arm.scores["containment"] == [1, 1, 0, 0]
    assert arm.interval("containment").estimate == 0.5
    table = comparison_table([arm])
    assert table.loc["oracle", "n"] == 4 and table.loc["oracle", "EM"].startswith("25 %")


def test_a_missing_reply_is_an_error_not_a_smaller_n():
    with pytest.raises(ValueError, match="4 items but 3 replies"):
        score_replies("short", ITEMS, ["a", "b", "c"])


def test_results_come_back_as_they_were_written(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    arm = run_arm("oracle", Oracle(), ITEMS)
    path = write_results("trial", {"k": 1}, {"split": [arm]})
    back = read_results("trial", ITEMS, tmp_path)["split"][0]
    assert (back.replies, back.scores) == (arm.replies, arm.scores)
    content = json.loads(path.read_text())
    for field, value, message in [("protocol_version", 0, "protocol version 0"), ("data_sha256", "x", "other data")]:
        path.write_text(json.dumps(content | {field: value}))
        with pytest.raises(ValueError, match=message):
            read_results("trial", ITEMS, tmp_path)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="'i0' is not among"):
        read_results("trial", ITEMS[1:], tmp_path)
    with pytest.raises(FileNotFoundError, match="make results"):
        read_results("nothing", ITEMS, tmp_path)


class Counting:
    """Gives one reply to everything, counts the calls, and breaks off at a certain one."""

    def __init__(self, breaks_at=None):
        self.calls, self.breaks_at = 0, breaks_at

    def answer(self, questions):
        self.calls += 1
        if self.calls == self.breaks_at:
            raise KeyboardInterrupt
        return [Answer("answer 0", [], [], False) for _ in questions]


def test_a_measurement_that_is_broken_off_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    splits = {"easy": ITEMS[:2], "hard": ITEMS[2:]}
    given = {split: [score_replies("guesser", items, ["no"] * 2)] for split, items in splits.items()}
    first, second = Counting(), Counting(breaks_at=2)
    arms = {"first": first, "second": second}
    with pytest.raises(KeyboardInterrupt):
        run_arms("long", {"k": 1}, splits, lambda items: arms, given)
    assert not (tmp_path / "long.json").exists()
    run_arms("long", {"k": 1}, splits, lambda items: arms, given)
    assert (first.calls, second.calls) == (2, 3)  # each split once, and the call that was broken off
    assert [path.name for path in tmp_path.iterdir()] == ["long.json"]
    whole = read_results("long", ITEMS, tmp_path)
    assert {split: [arm.arm for arm in of] for split, of in whole.items()} == {
        split: ["guesser", "first", "second"] for split in splits
    }


def test_a_broken_off_measurement_with_other_settings_is_not_gone_on_with(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    system = Counting(breaks_at=2)
    with pytest.raises(KeyboardInterrupt):
        run_arms("long", {"k": 1}, {"easy": ITEMS[:2], "hard": ITEMS[2:]}, lambda items: {"only": system})
    run_arms("long", {"k": 2}, {"easy": ITEMS[:2]}, lambda items: {"only": system})
    assert system.calls == 3


def test_steps_that_are_broken_off_go_on_and_see_what_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    observed = {"confidence": [0.5, None]}
    asked = []

    def first():
        asked.append("first")
        return [replace(score_replies("base", ITEMS[:2], ["answer 0", "no"]), observed=observed)]

    def break_off():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Measurement("steps", {"k": 1}, ITEMS).run({"easy": first, "hard": break_off})
    again = Measurement("steps", {"k": 1}, ITEMS)
    again.run({"easy": first, "hard": lambda: [score_replies("base", ITEMS[2:], again.scored["easy"][0].replies)]})
    assert asked == ["first"]
    assert [path.name for path in tmp_path.iterdir()] == ["steps.json"]
    whole = read_results("steps", ITEMS, tmp_path)
    assert whole["easy"][0].observed == observed
    assert whole["hard"][0].replies == ["answer 0", "no"]


def test_an_unknown_command_names_those_there_are():
    command = [sys.executable, "-m", "utils.experiments", "everything"]
    done = subprocess.run(command, cwd=COURSE_FOLDER, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Unknown: everything. There are: head-to-head, lessons." in done.stderr


def test_another_seed_changes_the_seeds_only():
    settings = load_settings()
    other = with_seed(settings, 7)
    assert other.questions_adapter.lora.seed == other.reader_adapter.lora.seed == 7
    assert with_seed(other, 0) == settings


def test_the_seeds_were_asked_the_questions_of_the_head_to_head(facts):
    items = [*items_for(facts, "train"), *items_for(facts, "test")]
    by_seed = read_seeds(items)
    assert list(by_seed) == [0, *SEEDS]
    asked = [
        {
            (split, arm): [item.item_id for item in scores.items]
            for split, of in splits.items()
            for arm, scores in of.items()
        }
        for splits in by_seed.values()
    ]
    assert asked[0] == asked[1] == asked[2] and len(asked[0]) == 8
    replies = [splits["trained facts, new wording"]["questions adapter"].replies for splits in by_seed.values()]
    assert replies[0] != replies[1] != replies[2] != replies[0]


def test_changed_scores_in_a_results_file_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    path = write_results("trial", {}, {"split": [run_arm("oracle", Oracle(), ITEMS)]})
    content = json.loads(path.read_text())
    content["splits"]["split"][0]["scores"]["em"][3] = 1.0
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="scores of 'oracle'"):
        read_results("trial", ITEMS, tmp_path)


def test_each_pass_teaches_each_trained_fact_once(facts):
    passes = questions_passes(facts, passes=3)
    trained = [fact for fact in facts if fact.trained]
    assert [len(of_pass) for of_pass in passes] == [len(trained)] * 3
    assert passes[0][0].messages != passes[1][0].messages
    allowed = {w.text for fact in trained for w in fact.questions if w.role == "train"}
    assert {e.messages[-1]["content"] for of_pass in passes for e in of_pass} <= allowed


def test_the_reader_learns_from_train_documents_only(facts, embedder):
    passes = adapter_passes("reader", facts, embedder, load_settings())
    shown = "\n".join(e.messages[-1]["content"] for of_pass in passes for e in of_pass)
    assert not [fact.fact_id for fact in facts if fact.doc_split != "train" and fact.evidence in shown]
    declined = [example.answer == NOT_FOUND for of_pass in passes for example in of_pass]
    assert 0.1 < sum(declined) / len(declined) < 0.3
    readable = [e.answer in e.messages[-1]["content"] for p in passes for e in p if e.answer != NOT_FOUND]
    assert all(readable)


def test_a_test_passage_among_the_readers_passages_is_refused(facts, embedder):
    passages = handbook_passages(embedder, load_settings())
    with pytest.raises(ValueError, match="it is not a train document"):
        reader_examples(facts, passages, LexicalRetriever.from_passages(passages), k=3, wordings=1)


def test_the_test_splits_are_what_they_say(facts):
    splits = items_of_test_documents(facts)
    by_id = {fact.fact_id: fact for fact in facts}
    assert {by_id[item.fact_id].doc_split for items in splits.values() for item in items} == {"test"}
    assert all(by_id[item.fact_id].trained for item in splits["trained facts, new wording"])
    for wording, role in (("plain", "train"), ("new", "test")):
        never = splits[f"never-trained facts, {wording} wording"]
        assert not any(by_id[item.fact_id].trained for item in never)
        assert all(f"/{role}" in item.item_id for item in never)


def test_a_guesser_gives_the_commonest_answer_of_the_type(facts):
    items = items_of_test_documents(facts)["never-trained facts, new wording"]
    assert majority_arm(facts, items).interval("em").estimate < 0.1


def test_settings_are_refused_by_field(tmp_path):
    path = tmp_path / "settings.json"
    with pytest.raises(FileNotFoundError):
        load_settings(path)
    path.write_text(json.dumps(load_settings().model_dump(mode="json") | {"base_passages": 0}))
    with pytest.raises(ValueError, match="base_passages"):
        load_settings(path)


@pytest.mark.parametrize("name", ["questions", "reader"])
def test_committed_adapters_belong_to_the_present_data_and_settings(name, facts, embedder, generator):
    settings = load_settings()
    of_adapter = getattr(settings, f"{name}_adapter")
    examples = [e for of_pass in adapter_passes(name, facts, embedder, settings) for e in of_pass]
    card = read_card(ADAPTERS_FOLDER / name)
    assert card["examples_sha256"] == examples_sha256(examples)
    assert card["settings"] == vars(of_adapter.lora)
    assert card["base_model"] == generator.name


def test_committed_adapters_are_small():
    size = sum(path.stat().st_size for path in ADAPTERS_FOLDER.rglob("*") if path.is_file())
    assert size < 40e6


def test_the_committed_questions_adapter_gives_its_recorded_replies(facts, generator):
    items = [*items_for(facts, "train"), *items_for(facts, "test")]
    arms = read_results("head_to_head", items)["trained facts, trained wording"]
    recorded = next(arm for arm in arms if arm.arm == "questions adapter")
    adapter = load_adapter(generator, ADAPTERS_FOLDER / "questions", name="questions")
    from utils.rag import ClosedBook

    try:
        texts = [answer.text for answer in ClosedBook(adapter).answer([item.question for item in recorded.items[:16]])]
    finally:
        remove_adapter(generator, "questions")
    agreed = sum(a == b for a, b in zip(texts, recorded.replies, strict=False))
    assert agreed >= 14  # other machines round differently


def test_the_controls_hold(facts):
    """Base closed book at most 5 %; never-trained facts near the guesser; both on at least 80 questions."""
    items = [*items_for(facts, "train"), *items_for(facts, "test")]
    splits = read_results("head_to_head", items)
    for arms in splits.values():
        of = {arm.arm: arm for arm in arms}
        assert len(of["base"].items) >= 80
        assert of["base"].interval("em").estimate <= 0.05
        assert of["base"].interval("containment").estimate <= 0.05
    for wording in ("plain", "new"):
        never = {arm.arm: arm.interval("em") for arm in splits[f"never-trained facts, {wording} wording"]}
        assert never["questions adapter"].low <= never["majority answer per type"].high + 0.03


def test_the_frozen_prompt_is_the_best_of_the_sweep(facts):
    sweep = read_results("prompt_sweep", sweep_items(facts))["dev"]
    settings = load_settings()
    best = max(sweep, key=lambda arm: arm.interval("containment").estimate)
    assert best.arm == prompt_name(settings.base_prompt, settings.base_passages)


def test_pairs_are_compared_by_hand():
    items = [Item(f"i{n}", "?", ["yes"], "phrase", f"f{n}", f"d{n}", "") for n in range(6)]
    base = score_replies("base", items, ["no"] * 6)
    adapter = score_replies("questions adapter", items, ["yes"] * 6)
    table = compare_pairs([base, adapter])
    assert list(table.index) == ["questions adapter − base"]
    assert table["p (Holm)"].tolist() == ["0.0312"]  # 2 · (1/2)^6, and one pair needs no correction
    assert table["points"].tolist() == ["+100 points [+100, +100]"]
    rag = score_replies("base + RAG", items, ["yes"] * 6)
    corrected = compare_pairs([base, adapter, rag])
    assert corrected["p (Holm)"].tolist() == ["0.0625", "1.0000"]
    assert corrected["real?"].tolist() == ["cannot tell", "cannot tell"]


def test_arms_with_other_items_or_repeated_facts_are_not_compared():
    arm = score_replies("base", ITEMS, ["a"] * 4)
    with pytest.raises(ValueError, match="same items"):
        compare_pairs([arm, replace(arm, arm="questions adapter", items=ITEMS[::-1])])
    twice = [replace(item, fact_id="one") for item in ITEMS]
    arms = [score_replies(name, twice, ["a"] * 4) for name in ("base", "questions adapter")]
    with pytest.raises(ValueError, match="asked more than once"):
        compare_pairs(arms)


def test_indexes_are_measured_against_exact_search():
    vectors = np.random.default_rng(0).normal(size=(600, 96)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact, hnsw, ivfpq = measure_indexes(vectors, vectors[:20])
    assert [m.kind for m in (exact, hnsw, ivfpq)] == ["exact", "hnsw", "ivfpq"]
    assert exact.recalls == [1.0] * 20 and hnsw.recall_interval().estimate > 0.9
    assert exact.megabytes == pytest.approx(600 * 96 * 4 / 1e6, rel=0.01)
    assert hnsw.megabytes > exact.megabytes > ivfpq.megabytes - 0.1


def test_a_docstring_is_asked_for_by_its_own_summary(embedder, tmp_path, monkeypatch):
    monkeypatch.setattr(index_scale, "CACHE_FOLDER", tmp_path)
    collection = docstring_collection(embedder, 40)
    summaries = {pair.name: pair.summary for pair in load_docstrings(40)}
    assert [summaries[source] for source in collection.sources] == collection.questions
    assert all(collection.passages_of(source) for source in collection.sources)
    assert len(collection.passages) == len(collection.vectors) <= 40


def test_the_committed_index_measurements_are_of_real_size():
    exact, hnsw, ivfpq = read_index_scale()
    assert exact.vectors == hnsw.vectors == ivfpq.vectors >= 100_000
    assert all(len(measured.recalls) >= 400 for measured in (exact, hnsw, ivfpq))


def test_results_of_another_model_are_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    write_results("trial", {"k": (1, 2)}, {"split": [run_arm("oracle", Oracle(), ITEMS)]})
    assert results_module.is_current("trial", {"k": (1, 2)}, results_module.data_sha256())
    assert not results_module.is_current("trial", {"k": (1, 3)}, results_module.data_sha256())
    monkeypatch.setenv("RETRIEVE_OR_TUNE_GENERATOR", "someone/a-model")
    assert not results_module.is_current("trial", {"k": (1, 2)}, results_module.data_sha256())


def test_another_data_folder_is_one_setting(tmp_path):
    code = "from utils.data import DATA_FOLDER, HANDBOOK_FOLDER; print(DATA_FOLDER, HANDBOOK_FOLDER)"
    chosen = os.environ | {"RETRIEVE_OR_TUNE_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=COURSE_FOLDER, env=chosen, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path), str(tmp_path / "handbook")]
