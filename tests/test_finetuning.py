"""Examples and masks, the loss, training, and adapters on disk."""

import errno
import json
import os
import warnings
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from peft import get_peft_model_state_dict
from torch.nn.functional import cross_entropy

from tests.shared import tiny_model
from utils.finetuning import (
    IGNORED,
    Example,
    LoraSettings,
    encode,
    load_adapter,
    pad_batch,
    read_card,
    remove_adapter,
    save_adapter,
    train_adapter,
    train_all_weights,
)
from utils.finetuning.attention import CAUSAL_BLOCKS, training_attention
from utils.finetuning.examples import examples_sha256, in_batches_of_similar_length, padded_batches
from utils.finetuning.losses import label_loss, mean_answer_loss
from utils.finetuning.shared_model import add_adapter
from utils.finetuning.stopping import pass_ends
from utils.finetuning.training import lora_config
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
    batch = pad_batch([{"input_ids": [5, 6], "labels": [-100, 6]}, {"input_ids": [7], "labels": [7]}], 2, multiple_of=1)
    assert batch["input_ids"].tolist() == [[5, 6], [7, 2]]
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["labels"].tolist() == [[-100, 6], [7, -100]]


@pytest.mark.parametrize(("longest", "tokens"), [(1, 16), (16, 16), (17, 32)])
def test_few_different_lengths_come_out(longest, tokens):
    batch = pad_batch([{"input_ids": [5] * longest, "labels": [6] * longest}, {"input_ids": [7], "labels": [7]}], 2)
    assert {part.shape for part in batch.values()} == {(2, tokens)}
    assert batch["attention_mask"].sum() == longest + 1


def test_an_example_without_labels_is_refused():
    with pytest.raises(ValueError, match="Example 1 of the batch has no labelled token"):
        pad_batch([{"input_ids": [5, 6], "labels": [-100, 6]}, {"input_ids": [7], "labels": [-100]}], 2)


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


def test_the_mean_answer_loss_counts_every_answer_token_once(tiny_generator):
    examples = [*EXAMPLES, Example(closed_book_messages("How long?"), "a good many more metres than the others")]
    encoded = [encode(example, tiny_generator.tokenizer) for example in examples]
    total, tokens = 0.0, 0
    for one in encoded:  # by another route: one at a time, all logits, summed
        ids, labels = torch.tensor([one["input_ids"]]), torch.tensor(one["labels"])
        with torch.no_grad():
            logits = tiny_generator.model(ids).logits[0]
        total += float(cross_entropy(logits[:-1], labels[1:], reduction="sum"))
        tokens += sum(label != IGNORED for label in one["labels"])
    batches = padded_batches(encoded, 3, tiny_generator.tokenizer.pad_token_id)
    assert [len(batch["labels"]) for batch in batches] == [3, 3, 1]
    assert mean_answer_loss(tiny_generator.model, batches) == pytest.approx(total / tokens, abs=1e-5)


@pytest.mark.parametrize(
    ("sizes", "batch_size", "ends"),
    [([4, 4], 2, {2, 4}), ([3, 3], 2, {2, 3}), ([6, 6, 6], 4, {2, 3, 5}), ([1, 1], 8, {1})],
)
def test_pass_ends_by_hand(sizes, batch_size, ends):
    assert pass_ends(sizes, batch_size) == ends


@pytest.mark.parametrize(
    ("script", "patience", "measured", "best"),
    [
        ([3.0, 1.0, 2.0, 1.5, 0.5], 2, 4, 1),  # stops before the better fifth
        ([3.0, 1.0, 2.0, 1.5, 0.5], 3, 5, 4),
        ([3.0, 2.0, 1.0, 0.5, 0.2], 1, 5, 4),
        ([1.0, 1.0, 1.0, 1.0, 1.0], 2, 3, 0),  # as good is not better
        ([float("nan")] * 5, 1, 2, 0),
    ],
)
def test_early_stopping_waits_for_patience_and_keeps_the_best(
    tiny_generator, monkeypatch, script, patience, measured, best
):
    seen = []

    def scripted(model, batches):
        tensors = get_peft_model_state_dict(model, adapter_name="ropes")
        seen.append({key: value.clone() for key, value in tensors.items()})
        return script[len(seen) - 1]

    monkeypatch.setattr("utils.finetuning.training.mean_answer_loss", scripted)
    run = train_adapter(
        tiny_generator,
        [EXAMPLES] * 5,
        SETTINGS,
        name="ropes",
        show_progress=False,
        development=EXAMPLES[:2],
        patience=patience,
    )
    assert repr(run.development_losses) == repr(script[:measured])
    assert len(run.losses) == 3 * measured  # each pass is six examples in batches of two
    assert run.trained_tokens == measured * sum(len(encode(e, tiny_generator.tokenizer)["input_ids"]) for e in EXAMPLES)
    kept = get_peft_model_state_dict(run.generator.model, adapter_name="ropes")
    assert [all(torch.equal(kept[key], one[key]) for key in kept) for one in seen] == [
        number == best for number in range(measured)
    ]


def test_the_development_loss_is_that_of_the_adapter_that_is_kept(tiny_generator):
    fixed = {"show_progress": False, "development": EXAMPLES[4:], "patience": 5}
    run = train_adapter(tiny_generator, [EXAMPLES[:4]] * 5, SETTINGS, name="ropes", **fixed)
    encoded = [encode(example, tiny_generator.tokenizer) for example in EXAMPLES[4:]]
    loss = mean_answer_loss(run.generator.model, [pad_batch(encoded, tiny_generator.tokenizer.pad_token_id)])
    assert loss == pytest.approx(min(run.development_losses), abs=1e-5)
    assert len(run.development_losses) == 5


def test_measuring_on_development_examples_does_not_change_what_is_learned(tiny_generator):
    plain = train_adapter(tiny_generator, [EXAMPLES] * 3, SETTINGS, name="first", show_progress=False)
    fixed = {"show_progress": False, "development": EXAMPLES, "patience": 3}
    tried = train_adapter(tiny_generator, [EXAMPLES] * 3, SETTINGS, name="second", **fixed)
    assert tried.losses == plain.losses and plain.development_losses == []


def test_a_fresh_adapter_changes_nothing_and_counts_r_times_in_plus_out(tiny_generator):
    ids = torch.tensor([[5, 6, 7]])
    before = tiny_generator.model(ids).logits
    model = add_adapter(tiny_generator, lora_config(SETTINGS), "fresh")
    assert torch.equal(model(ids).logits, before)
    # per layer: q 32→32, k and v 32→16, o 32→32, gate and up 32→64, down 64→32
    in_plus_out = 64 + 48 + 48 + 64 + 96 + 96 + 96
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2 * 4 * in_plus_out


def adapter_logits(generator):
    """Return the logits that a generator answers with, its adapter switched on."""
    with torch.no_grad(), generator.active_adapter():
        return generator.model.eval()(torch.tensor([[5, 6, 7, 8]])).logits


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
    loaded = load_adapter(tiny_generator, folder, name="again")
    plain = Generator(tiny_model(tiny_generator.tokenizer), tiny_generator.tokenizer, "tiny")
    with warnings.catch_warnings(record=True, action="always") as caught:
        load_adapter(plain, folder, name="first of its model")
    assert not [warning for warning in caught if issubclass(warning.category, UserWarning)]
    assert torch.allclose(adapter_logits(loaded), adapter_logits(run.generator), atol=0.2)  # saved in bfloat16
    assert not torch.allclose(adapter_logits(tiny_generator), adapter_logits(run.generator), atol=0.2)


def test_all_weights_are_trained_on_a_copy(tiny_generator):
    before = {name: tensor.clone() for name, tensor in tiny_generator.model.state_dict().items()}
    trained = train_all_weights(tiny_generator, [EXAMPLES] * 8, learning_rate=1e-2, batch_size=2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in tiny_generator.model.state_dict().items())
    assert all(not torch.equal(tensor, before[name]) for name, tensor in trained.model.state_dict().items())
    assert trained.model.dtype == tiny_generator.model.dtype
    encoded = [encode(example, tiny_generator.tokenizer) for example in EXAMPLES]
    batches = padded_batches(encoded, 2, tiny_generator.tokenizer.pad_token_id)
    assert mean_answer_loss(trained.model, batches) < 0.8 * mean_answer_loss(tiny_generator.model, batches)


def test_all_weights_need_a_plain_model_and_examples(tiny_generator):
    with pytest.raises(ValueError, match="no examples to train on"):
        train_all_weights(tiny_generator, [], learning_rate=1e-3)
    run = train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="ropes", show_progress=False)
    with pytest.raises(ValueError, match="holds adapters"):
        train_all_weights(run.generator, [EXAMPLES], learning_rate=1e-3)
    remove_adapter(tiny_generator, "ropes")
    train_all_weights(tiny_generator, [EXAMPLES[:1]], learning_rate=1e-3)


def test_the_same_seed_trains_the_same_adapter(tiny_generator):
    runs = [train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="first", show_progress=False)]
    runs.append(train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="second", show_progress=False))
    assert runs[0].losses == pytest.approx(runs[1].losses, abs=1e-5)


@pytest.mark.parametrize(
    ("passes", "where"), [([], ""), ([[]], " in pass 1 of 1"), ([EXAMPLES, []], " in pass 2 of 2")]
)
def test_training_without_examples_is_refused(tiny_generator, passes, where):
    with pytest.raises(ValueError, match=f"no examples to train on{where}"):
        train_adapter(tiny_generator, passes, SETTINGS, name="none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"development": []}, "no development examples"),
        ({"development": [Example(EXAMPLES[0].messages, "")]}, "answer is empty.*How long is rope 0"),
        ({"patience": 0}, r"patience \(0\)"),
        ({"checkpoint_steps": 0}, r"checkpoint_steps \(0\)"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written_or_trained(tiny_generator, tmp_path, change, message):
    folder = tmp_path / "run"
    with pytest.raises(ValueError, match=message):
        train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="x", checkpoints=folder, **change)
    assert not folder.exists() and not hasattr(tiny_generator.model, "peft_config")


def test_an_example_beyond_the_models_context_is_refused(tiny_generator):
    long = Example(closed_book_messages("word " * 600 + "How long?"), "3 metres")  # the tiny model reads 512 tokens
    with pytest.raises(ValueError, match=r"tokens exceed 512 in the example .*How long\?"):
        train_adapter(tiny_generator, [[*EXAMPLES, long]], SETTINGS, name="long")


def test_an_interrupted_training_leaves_the_model_as_it_was(tiny_generator, monkeypatch):
    plain = adapter_logits(tiny_generator)
    kept = train_adapter(tiny_generator, [EXAMPLES[:2]], SETTINGS, name="kept", show_progress=False).generator

    def interrupt(model, *_):
        assert model.config._attn_implementation == CAUSAL_BLOCKS
        raise KeyboardInterrupt

    monkeypatch.setattr("utils.finetuning.trainer.loss_in_precision", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train_adapter(kept, [EXAMPLES], SETTINGS, name="broken off", show_progress=False)
    assert list(kept.model.peft_config) == ["kept"]
    assert kept.model.config._attn_implementation != CAUSAL_BLOCKS
    before = adapter_logits(kept)
    with pytest.raises(KeyboardInterrupt):
        train_adapter(kept, [EXAMPLES], replace(SETTINGS, rank=2), name="kept", show_progress=False)
    assert torch.equal(adapter_logits(kept), before)
    with pytest.raises(ValueError, match="nope"):  # peft refuses it after the old adapter was taken out
        train_adapter(kept, [EXAMPLES], replace(SETTINGS, target_modules=("nope",)), name="kept", show_progress=False)
    assert torch.equal(adapter_logits(kept), before) and torch.equal(adapter_logits(tiny_generator), plain)
    remove_adapter(tiny_generator, "kept")
    with pytest.raises(KeyboardInterrupt):
        train_adapter(tiny_generator, [EXAMPLES], SETTINGS, name="broken off", show_progress=False)
    assert not any("lora" in name for name, _ in tiny_generator.model.named_parameters())
    with pytest.raises(ValueError, match="no adapter 'kept'"):
        remove_adapter(tiny_generator, "kept")
    with pytest.raises(ValueError, match="kept"):  # its adapter is gone: it does not silently answer as the base
        adapter_logits(kept)


def test_training_and_loading_under_a_taken_name_replace_that_adapter_only(tiny_generator, tmp_path):
    """A notebook's cell can be run again, also with other settings; all generators go on sharing one model."""
    base = adapter_logits(tiny_generator)
    other = train_adapter(tiny_generator, [EXAMPLES[:2]], SETTINGS, name="other", show_progress=False)
    first = train_adapter(tiny_generator, [EXAMPLES] * 2, SETTINGS, name="twice", show_progress=False)
    save_adapter(first, tmp_path / "first", about={})
    of_other, of_first = adapter_logits(other.generator), adapter_logits(first.generator)
    wider = replace(SETTINGS, rank=8)
    second = train_adapter(tiny_generator, [EXAMPLES[:2]], wider, name="twice", show_progress=False)
    assert first.generator.model is second.generator.model is tiny_generator.model
    assert not torch.allclose(adapter_logits(second.generator), of_first, atol=0.5)
    assert second.generator.model.peft_config["twice"].r == 8
    on_disk = contents(tmp_path)
    with pytest.raises(ValueError, match="'twice' in the model is no longer this run's"):
        save_adapter(first, tmp_path / "first", about={})  # would be the second's weights with the first's card
    assert contents(tmp_path) == on_disk
    for _ in range(2):
        loaded = load_adapter(tiny_generator, tmp_path / "first", name="twice")
        assert torch.allclose(adapter_logits(loaded), of_first, atol=0.2)  # saved in bfloat16
    assert torch.equal(adapter_logits(other.generator), of_other)
    assert torch.equal(adapter_logits(tiny_generator), base)


def test_attention_in_causal_blocks_is_attention(tiny_generator, monkeypatch):
    """With grouped heads, in blocks that do not fit the length, with padding, and with a cache of earlier keys."""
    monkeypatch.setattr("utils.finetuning.attention.BLOCK", 3)
    model = tiny_generator.model.float()
    ids = torch.arange(5, 21).view(2, 8)
    mask = torch.tensor([[1] * 8, [1] * 5 + [0] * 3])

    def states_and_gradient():
        model.zero_grad()
        head = model(input_ids=ids[:, :2], attention_mask=mask[:, :2], use_cache=True)
        tail = model(input_ids=ids[:, 2:], attention_mask=mask, past_key_values=head.past_key_values).logits
        whole = model(input_ids=ids, attention_mask=mask).logits
        whole[mask == 1].square().sum().backward()
        return whole[mask == 1], tail[mask[:, 2:] == 1], model.model.layers[0].self_attn.k_proj.weight.grad.clone()

    usual = states_and_gradient()
    with training_attention(model):
        assert model.config._attn_implementation == CAUSAL_BLOCKS
        ours = states_and_gradient()
    assert model.config._attn_implementation != CAUSAL_BLOCKS
    for one, other in zip(ours, usual, strict=True):
        assert torch.allclose(one, other, atol=1e-3, rtol=1e-3)


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


@pytest.fixture
def saved(tiny_generator, tmp_path):
    """A trained adapter and the folder that it was saved to."""
    run = train_adapter(tiny_generator, [EXAMPLES[:2]], SETTINGS, name="short", show_progress=False)
    save_adapter(run, tmp_path / "short", about={"purpose": "the old one"})
    return run, tmp_path / "short"


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json", "card.json"])
def test_a_missing_or_cut_file_is_named_and_the_model_left_alone(tiny_generator, saved, file):
    run, folder = saved
    path = folder / file
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=f"{path}: damaged or cut off"):
        load_adapter(run.generator, folder, name="x")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"{path}: no such file"):
        load_adapter(run.generator, folder, name="x")
    assert list(run.generator.model.peft_config) == ["short"]


@pytest.mark.parametrize(
    "change", [{"r": 2}, {"target_modules": ["q_proj"]}, {"target_modules": ["nope"]}, {"peft_type": 1}]
)
@pytest.mark.parametrize("name", ["short", "another"])
def test_a_configuration_that_does_not_fit_the_weights_is_refused_and_the_model_left_alone(
    tiny_generator, saved, change, name
):
    run, folder = saved
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | change))
    before, plain = adapter_logits(run.generator), adapter_logits(tiny_generator)
    with pytest.raises(ValueError, match=f"{folder}: damaged"):
        load_adapter(tiny_generator, folder, name=name)
    assert list(run.generator.model.peft_config) == ["short"]
    assert torch.equal(adapter_logits(run.generator), before) and torch.equal(adapter_logits(tiny_generator), plain)
    remove_adapter(tiny_generator, "short")
    with pytest.raises(ValueError, match=f"{folder}: damaged"):
        load_adapter(tiny_generator, folder, name=name)
    assert torch.equal(adapter_logits(tiny_generator), plain)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def files_of_at_most(size):
    """Let every write beyond a size in bytes fail, as on a full disk."""
    resource = pytest.importorskip("resource", reason="this system has no limit on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_weights_that_cannot_be_written_leave_the_old_adapter_whole(saved):
    run, folder = saved
    before = contents(folder.parent)
    with files_of_at_most(2000), pytest.raises(OSError, match=r"adapter_model\.safetensors: could not be written"):
        save_adapter(run, folder, about={"purpose": "the new one"})
    assert contents(folder.parent) == before


@pytest.mark.parametrize("call", [1, 2])
def test_a_full_disk_leaves_the_old_adapter_whole(saved, monkeypatch, call):
    run, folder = saved
    before, written = contents(folder.parent), []

    def fill_up(path, content):
        written.append(path)
        path.write_text("{", encoding="utf-8")
        if len(written) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("utils.finetuning.adapters.write_json", fill_up)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        save_adapter(run, folder, about={"purpose": "the new one"})
    assert contents(folder.parent) == before
    monkeypatch.undo()
    save_adapter(run, folder, about={"purpose": "the new one"})
    assert read_card(folder)["purpose"] == "the new one"
    assert [path.name for path in folder.parent.iterdir()] == ["short"]
