"""Examples and masks, the loss, training, and adapters on disk."""

import json

import pytest
import torch
from torch.nn.functional import cross_entropy

from utils.finetuning import (
    IGNORED,
    Example,
    LoraSettings,
    encode,
    load_adapter,
    pad_batch,
    read_card,
    save_adapter,
    train_adapter,
)
from utils.finetuning.examples import examples_sha256, in_batches_of_similar_length
from utils.finetuning.training import add_adapter, label_loss
from utils.models import Generator, render
from utils.rag import closed_book_messages

EXAMPLES = [Example(closed_book_messages(f"How long is rope {n}?"), f"{n} metres") for n in range(6)]
SETTINGS = LoraSettings(rank=4, alpha=8, learning_rate=1e-1, batch_size=2)


def test_only_the_answer_and_the_end_of_the_turn_are_labelled(generator):
    example = Example(closed_book_messages("How deep?"), "214 m")
    encoded = encode(example, generator.tokenizer)
    labelled = [label for label in encoded["labels"] if label != IGNORED]
    assert generator.tokenizer.decode(labelled) == "214 m<|im_end|>"
    prompt = [i for i, label in zip(encoded["input_ids"], encoded["labels"], strict=True) if label == IGNORED]
    assert generator.tokenizer.decode(prompt) == render(example.messages, generator.tokenizer)


def test_an_empty_answer_and_an_endless_example_are_refused(generator):
    with pytest.raises(ValueError, match=r"answer is empty.*How deep"):
        encode(Example(closed_book_messages("How deep?"), " "), generator.tokenizer)
    with pytest.raises(ValueError, match="exceed 64"):
        encode(Example(closed_book_messages("word " * 100), "yes"), generator.tokenizer, max_tokens=64)


def test_pad_batch_by_hand():
    batch = pad_batch([{"input_ids": [5, 6], "labels": [-100, 6]}, {"input_ids": [7], "labels": [7]}], 2)
    assert batch["input_ids"].tolist() == [[5, 6], [7, 2]]
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["labels"].tolist() == [[-100, 6], [7, -100]]


def test_batches_hold_similar_lengths_and_nothing_is_lost():
    encoded = [{"input_ids": [0] * length} for length in [9, 1, 8, 2, 7, 3, 5]]
    ordered = [len(one["input_ids"]) for one in in_batches_of_similar_length(encoded, 2, seed=0)]
    assert sorted(ordered) == [1, 2, 3, 5, 7, 8, 9]
    assert {tuple(sorted(ordered[n : n + 2])) for n in (0, 2, 4)} == {(1, 2), (3, 5), (7, 8)}
    assert ordered[6] == 9  # the incomplete batch comes last


def test_label_loss_is_the_stock_loss(tiny_generator):
    encoded = [encode(example, tiny_generator.tokenizer) for example in EXAMPLES[:3]]
    batch = pad_batch(encoded, tiny_generator.tokenizer.pad_token_id)
    model = tiny_generator.model
    with torch.no_grad():
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        expected = cross_entropy(logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten())
        assert torch.allclose(label_loss(model, batch), expected, atol=1e-6)


def test_a_fresh_adapter_changes_nothing_and_counts_r_times_in_plus_out(tiny_generator):
    ids = torch.tensor([[5, 6, 7]])
    before = tiny_generator.model(ids).logits
    model = add_adapter(tiny_generator.model, SETTINGS, "fresh")
    assert torch.equal(model(ids).logits, before)
    # per layer: q 32→32, k and v 32→16, o 32→32, gate and up 32→64, down 64→32
    in_plus_out = 64 + 48 + 48 + 64 + 96 + 96 + 96
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2 * 4 * in_plus_out


def test_training_learns_saves_loads_and_switches(tiny_generator, tmp_path):
    run = train_adapter(tiny_generator, [EXAMPLES] * 8, SETTINGS, name="ropes", show_progress=False)
    assert len(run.losses) == 24
    assert sum(run.losses[-3:]) < 0.8 * sum(run.losses[:3])
    assert run.trained_tokens == 8 * sum(len(encode(e, tiny_generator.tokenizer)["input_ids"]) for e in EXAMPLES)
    folder = tmp_path / "ropes"
    save_adapter(run, folder, about={"purpose": "a test"})
    card = read_card(folder)
    assert card["purpose"] == "a test" and card["settings"]["rank"] == 4
    assert card["examples_sha256"] == examples_sha256(EXAMPLES * 8)
    assert "/" not in json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    base = Generator(run.generator.model, tiny_generator.tokenizer, "tiny")
    loaded = load_adapter(base, folder, name="again")
    ids = torch.tensor([[5, 6, 7, 8]])

    def logits(generator):
        with torch.no_grad(), generator.active_adapter():
            return generator.model(ids).logits

    assert torch.allclose(logits(loaded), logits(run.generator), atol=5e-2)  # saved in bfloat16
    assert not torch.allclose(logits(base), logits(run.generator), atol=5e-2)


def test_the_same_seed_trains_the_same_adapter(tiny_generator):
    runs = [train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="first", show_progress=False)]
    base = Generator(runs[0].generator.model, tiny_generator.tokenizer, "tiny")
    runs.append(train_adapter(base, [EXAMPLES], SETTINGS, name="second", show_progress=False))
    assert runs[0].losses == pytest.approx(runs[1].losses, abs=1e-5)


@pytest.mark.parametrize("passes", [[], [[]], [EXAMPLES, []]])
def test_training_without_examples_is_refused(tiny_generator, passes):
    with pytest.raises(ValueError, match="no examples"):
        train_adapter(tiny_generator, passes, SETTINGS, name="none")


def test_a_taken_name_is_refused(tiny_generator):
    run = train_adapter(tiny_generator, [EXAMPLES[:2]], SETTINGS, name="twice", show_progress=False)
    with pytest.raises(ValueError, match="'twice' is already loaded"):
        train_adapter(run.generator, [EXAMPLES[:2]], SETTINGS, name="twice")


def test_foreign_missing_and_damaged_adapters_are_refused(tiny_generator, tmp_path):
    run = train_adapter(tiny_generator, [EXAMPLES[:2]], SETTINGS, name="short", show_progress=False)
    folder = tmp_path / "short"
    save_adapter(run, folder, about={})
    stranger = Generator(tiny_generator.model, tiny_generator.tokenizer, "another-model")
    with pytest.raises(ValueError, match="trained for tiny, but the base model here is another-model"):
        load_adapter(stranger, folder, name="x")
    with pytest.raises(FileNotFoundError, match=r"card\.json"):
        load_adapter(tiny_generator, tmp_path / "nowhere", name="x")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged or cut off"):
        load_adapter(tiny_generator, folder, name="x")
