"""The training experiments: what is taught and asked, and the committed files."""

import pytest

from utils.data import load_facts
from utils.experiments import results as results_module
from utils.experiments import tuning
from utils.experiments.tuning import (
    BASE,
    STANDARD,
    VARIANTS,
    Variant,
    run_tuning,
    taught_facts,
    tuning_items,
    variant_passes,
)
from utils.finetuning import LoraSettings


@pytest.fixture(scope="module")
def facts():
    return load_facts()


def test_every_variant_differs_from_the_standard_in_one_thing():
    for variant in VARIANTS[1:]:
        changed = [
            variant.wordings != STANDARD.wordings,
            variant.passes != STANDARD.passes,
            variant.lora.learning_rate != STANDARD.lora.learning_rate,
            variant.material != STANDARD.material,
            variant.weights != STANDARD.weights,
            variant.lora.seed != STANDARD.lora.seed,
            (variant.lora.rank, variant.lora.target_modules) != (STANDARD.lora.rank, STANDARD.lora.target_modules),
        ]
        assert sum(changed) == 1, variant
        assert variant.lora.alpha / variant.lora.rank == STANDARD.lora.alpha / STANDARD.lora.rank


def test_the_files_of_variants_have_different_names():
    assert len({variant.file for variant in VARIANTS} | {BASE}) == len(VARIANTS) + 1
    assert all(" " not in variant.file for variant in VARIANTS)


def test_questions_are_of_the_kinds_that_they_are_said_to_be(facts):
    items = tuning_items(facts)
    taught = {fact.fact_id for fact in taught_facts(facts)}
    trained = {fact.fact_id for fact in facts if fact.trained}
    assert {item.fact_id for item in items["trained wording"]} == taught
    assert {item.fact_id for item in items["new wording"]} == taught
    assert not {item.fact_id for item in items["never taught"]} & trained
    assert not any("/test" in item.item_id for of_kind in items.values() for item in of_kind)


def test_the_text_is_taught_by_the_passages_with_the_evidence(facts, tiny_generator):
    of_text = next(variant for variant in VARIANTS if variant.material == "text")
    passes = variant_passes(of_text, tiny_generator, facts)
    assert len(passes) == STANDARD.passes and passes[0] == passes[-1]
    answers = {example.answer for example in passes[0]}
    covered = [fact for fact in taught_facts(facts) if any(fact.evidence in answer for answer in answers)]
    assert len(covered) >= 0.9 * len(taught_facts(facts))
    assert all(any(fact.evidence in answer for fact in covered) for answer in answers)


def test_a_variant_is_trained_once_and_read_back(facts, tiny_generator, tmp_path, monkeypatch):
    few = [fact for fact in facts if fact in taught_facts(facts)[:4] or not fact.trained][:100]
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path)
    monkeypatch.setattr(tuning, "RESULTS_FOLDER", tmp_path)
    monkeypatch.setattr(tuning, "NEVER_TAUGHT", 1)
    variants = (Variant("trial", "1", passes=1, lora=LoraSettings(rank=2, alpha=4)),)
    monkeypatch.setattr(tuning, "load_general", list)
    items = {kind: of_kind[:2] for kind, of_kind in tuning_items(few).items() if of_kind}
    monkeypatch.setattr(tuning, "tuning_items", lambda _: items)
    run_tuning(tiny_generator, few, variants)
    written = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tuning").iterdir()}
    assert set(written) == {"base.json", "trial-1.json"}
    run_tuning(tiny_generator, few, variants)
    assert written == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tuning").iterdir()}
