"""Checkpoints: runs that are killed at several places go on to the same adapter, and foreign folders are refused."""

import errno
import os
import signal
import subprocess
import sys

import pytest
import torch
from peft import get_peft_model_state_dict
from transformers import AutoTokenizer, TrainerState

from tests.shared import tiny_model
from utils.data import DATA_FOLDER
from utils.finetuning import Example, LoraSettings, TrainingRun, train_adapter
from utils.finetuning.checkpoints import is_whole, newest_whole
from utils.finetuning.trainer import AnswerTrainer
from utils.models import Generator
from utils.models.generator import convert_gguf
from utils.models.weights import GENERATOR_WEIGHTS, converted_folder
from utils.rag import closed_book_messages

EXAMPLES = [Example(closed_book_messages(f"How long is rope {n}?" + " Say." * n), f"{n} metres") for n in range(7)]
DEVELOPMENT = [Example(closed_book_messages(f"What length has rope {n}?"), f"{n} metres") for n in range(3)]
SETTINGS = LoraSettings(rank=4, alpha=8, learning_rate=1e-1, batch_size=2)
PASSES = [EXAMPLES] * 4
STEPS = 14  # 28 examples in batches of 2
EVERY = 4  # so checkpoints come after the steps 4, 8, 12 and 14

# where a run is killed: the newest whole checkpoint that it leaves
KILLS = {
    "before any checkpoint": None,
    "in step 10": 8,
    "writing the optimizer of checkpoint 8": 4,
    "writing the state of checkpoint 12": 8,
    "writing the state of checkpoint 4": None,
    "with development examples, in step 13": 12,
}


def tiny_generator(seed=0):
    """A generator with random weights and the real tokenizer, without reading the real model's weights."""
    tokenizer = AutoTokenizer.from_pretrained(converted_folder(GENERATOR_WEIGHTS, convert_gguf))
    return Generator(tiny_model(tokenizer, seed), tokenizer, "tiny")


def train(folder, *, name="ropes", generator=None, development=None) -> TrainingRun:
    return train_adapter(
        generator or tiny_generator(),
        PASSES,
        SETTINGS,
        name=name,
        show_progress=False,
        development=development,
        checkpoints=folder,
        checkpoint_steps=EVERY,
    )


def development_of(place):
    return DEVELOPMENT if "development" in place else None


def tensors(run):
    return get_peft_model_state_dict(run.generator.model, adapter_name=run.generator.adapter)


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


class Killer:
    """Kills the process by SIGKILL, which nothing can catch, at one of the places of KILLS."""

    def __init__(self, place):
        self.place = place
        self.step = 0
        self.compute_loss, self.save, self.save_to_json = (
            AnswerTrainer.compute_loss,
            torch.save,
            TrainerState.save_to_json,
        )
        AnswerTrainer.compute_loss = lambda *args, **kwargs: self.on_loss(*args, **kwargs)
        torch.save = self.on_save
        TrainerState.save_to_json = lambda state, path: self.on_state(state, path)

    def on_loss(self, *args, **kwargs):
        """In mid-step: the forward pass is done, the backward pass is not."""
        self.step += 1
        loss = self.compute_loss(*args, **kwargs)
        if self.place.endswith(f"in step {self.step}") or (self.place.startswith("before") and self.step == 2):
            os.kill(os.getpid(), signal.SIGKILL)
        return loss

    def on_save(self, content, path):
        self.save(content, path)
        self.die_halfway(f"optimizer of checkpoint {self.step}", "optimizer.pt", path)

    def on_state(self, state, path):
        self.save_to_json(state, path)
        self.die_halfway(f"state of checkpoint {self.step}", "trainer_state.json", path)

    def die_halfway(self, place, file, path):
        if self.place.endswith(place) and str(path).endswith(file):
            os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)


def train_and_be_killed_everywhere(root):
    """Fork a process for each place, as importing the libraries takes far longer than such a training."""
    for number, place in enumerate(KILLS):
        child = os.fork()
        if child == 0:
            try:
                Killer(place)
                train(root / str(number), development=development_of(place))
            finally:
                os._exit(1)  # reached only if nothing killed it
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, place


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The checkpoint folder of each killed run."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork a process")
    root = tmp_path_factory.mktemp("killed")
    script = "import pathlib, sys, tests.test_resume as t; t.train_and_be_killed_everywhere(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(DATA_FOLDER.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {place: root / str(number) for number, place in enumerate(KILLS)}


@pytest.fixture(scope="module")
def uninterrupted():
    """Runs that nothing interrupted, without checkpoints: with development examples and without."""
    return {place: train(None, development=development_of(place)) for place in ("plain", "with development examples")}


@pytest.fixture
def batches(monkeypatch):
    """The input ids of every batch that is trained on."""
    seen, compute_loss = [], AnswerTrainer.compute_loss

    def spy(self, model, inputs, *args, **kwargs):
        seen.append(inputs["input_ids"].tolist())
        return compute_loss(self, model, inputs, *args, **kwargs)

    monkeypatch.setattr(AnswerTrainer, "compute_loss", spy)
    return seen


@pytest.mark.parametrize("place", KILLS)
def test_a_killed_run_goes_on_to_the_same_adapter(place, killed, uninterrupted, batches):
    expected = uninterrupted["with development examples" if development_of(place) else "plain"]
    run = train(killed[place], development=development_of(place))
    assert_same(tensors(run), tensors(expected))
    assert run.losses == expected.losses and len(run.losses) == STEPS
    assert run.development_losses == expected.development_losses
    assert run.trained_tokens == expected.trained_tokens
    resumed = list(batches)
    batches.clear()
    train(None, development=development_of(place))
    assert resumed == batches[KILLS[place] or 0 :]


def test_a_finished_run_is_not_trained_again_and_two_checkpoints_are_kept(tmp_path, uninterrupted, batches):
    run = train(tmp_path / "run")
    assert len(batches) == STEPS
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-12", "checkpoint-14", "run.json"]
    again = train(tmp_path / "run")
    assert len(batches) == STEPS
    assert_same(tensors(again), tensors(uninterrupted["plain"]))
    assert again.losses == run.losses


def test_a_run_that_stopped_early_stops_again_at_the_same_place(tmp_path, monkeypatch):
    script = iter([1.0, 2.0, 3.0, 0.5])
    monkeypatch.setattr("utils.finetuning.training.mean_answer_loss", lambda model, batches: next(script))
    run = train(tmp_path / "run", development=DEVELOPMENT)
    assert run.development_losses == [1.0, 2.0, 3.0]
    assert len(run.losses) == 11  # 21 examples in batches of 2
    script = iter([3.0, 0.5])  # the newest checkpoint, of step 8, knows the first two
    again = train(tmp_path / "run", development=DEVELOPMENT)
    assert again.development_losses == [1.0, 2.0, 3.0] and again.losses == run.losses
    assert_same(tensors(again), tensors(run))


def test_a_run_that_stops_where_a_checkpoint_is_due_does_not_train_on(tmp_path, monkeypatch):
    script = iter([1.0, 2.0])
    monkeypatch.setattr("utils.finetuning.training.mean_answer_loss", lambda model, batches: next(script))
    fixed = {"name": "x", "show_progress": False, "development": DEVELOPMENT, "patience": 1, "checkpoint_steps": 2}
    passes = [EXAMPLES[:4]] * 4  # each takes two steps
    run = train_adapter(tiny_generator(), passes, SETTINGS, checkpoints=tmp_path / "run", **fixed)
    script = iter([2.0])
    again = train_adapter(tiny_generator(), passes, SETTINGS, checkpoints=tmp_path / "run", **fixed)
    assert len(run.losses) == 4 and again.losses == run.losses
    assert_same(tensors(again), tensors(run))


def test_other_adapters_of_the_model_stay_out_of_checkpoints(tmp_path):
    generator = tiny_generator()
    first = train_adapter(generator, [EXAMPLES[:2]], SETTINGS, name="other", show_progress=False)
    before = tensors(first)
    train(tmp_path / "run", generator=generator)
    checkpoint = newest_whole(tmp_path / "run")
    assert [path for path in checkpoint.iterdir() if path.is_dir()] == []
    # adapters that were changed since, or have another name, are none of the checkpoint's business
    with torch.no_grad():
        for key, value in first.generator.model.named_parameters():
            if ".other." in key:
                value.fill_(0.25)
    again = train(tmp_path / "run", name="renamed", generator=first.generator)
    assert all((value == 0.25).all() for value in tensors(first).values())
    assert tensors(again).keys() == before.keys()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"passes": [EXAMPLES[:6]] * 4}, "examples, pass sizes"),
        ({"passes": [EXAMPLES * 2] * 2}, "pass sizes"),
        ({"settings": LoraSettings(rank=4, alpha=8, learning_rate=1e-2, batch_size=2)}, "settings"),
        ({"development": DEVELOPMENT}, "development examples, patience"),
    ],
)
def test_the_folder_of_another_run_is_refused(tmp_path, change, named):
    folder = tmp_path / "run"
    fixed = {"name": "x", "show_progress": False, "checkpoints": folder, "checkpoint_steps": 20}
    train_adapter(tiny_generator(), PASSES, SETTINGS, **fixed)
    passes, settings = change.pop("passes", PASSES), change.pop("settings", SETTINGS)
    with pytest.raises(ValueError, match=rf"{folder}: holds checkpoints of another run \(other {named}\)"):
        train_adapter(tiny_generator(), passes, settings, **fixed, **change)
    assert is_whole(folder / "checkpoint-14")


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "checkpoint-500").mkdir()
    (tmp_path / "checkpoint-500" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=f"{tmp_path}: holds files, but no run.json"):
        train(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["checkpoint-500", "thesis.txt"]


@pytest.mark.parametrize(
    "file", ["adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"]
)
def test_a_checkpoint_with_a_missing_or_cut_file_is_not_whole(tmp_path, file):
    train_adapter(
        tiny_generator(), [EXAMPLES[:2]], SETTINGS, name="x", show_progress=False, checkpoints=tmp_path / "run"
    )
    path = tmp_path / "run" / "checkpoint-1" / file
    assert is_whole(path.parent)
    path.write_bytes(path.read_bytes()[:-30])
    assert not is_whole(path.parent)
    path.unlink()
    assert not is_whole(path.parent)


def test_a_full_disk_ends_training_and_leaves_the_checkpoint_before(tmp_path, monkeypatch, uninterrupted):
    save, written = torch.save, []

    def fill_up(content, path):
        written.append(path)
        save(content, path)
        if len(written) == 5:  # each checkpoint takes three: this is the second one's second
            os.truncate(path, 10)
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    generator = tiny_generator()
    monkeypatch.setattr(torch, "save", fill_up)
    with pytest.raises(OSError, match=r"No space left on device.*checkpoint-8"):
        train(tmp_path / "run", generator=generator)
    monkeypatch.undo()
    assert not any("lora" in key for key, _ in generator.model.named_parameters())
    run = train(tmp_path / "run", generator=generator)  # the same model and name, as in a notebook
    assert_same(tensors(run), tensors(uninterrupted["plain"]))
