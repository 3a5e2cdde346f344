"""Adapters on disk: safetensors, the LoRA configuration, and a card that says what the adapter is."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig

from utils.data import write_json
from utils.finetuning.shared_model import add_adapter, fill_adapter, replacing
from utils.finetuning.tensors import adapter_tensors, read_tensors, write_tensors
from utils.finetuning.training import TrainingRun
from utils.models import Generator

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
CARD_FILE = "card.json"


def save_adapter(run: TrainingRun, folder: Path, *, about: dict[str, Any]) -> None:
    """Write a trained adapter as bfloat16 safetensors with its configuration and card.

    `about` is merged into the card (what it is for, its scores). The files are written beside the folder, which is
    replaced only once they are complete. Raises OSError when they cannot be written, for instance to a full disk, and
    ValueError when the model holds another adapter under that name by now; the folder is then as it was before.
    """
    model, name = run.generator.model, run.generator.adapter
    if model.peft_config.get(name) is not run.config:
        raise ValueError(f"The adapter {name!r} in the model is no longer this run's: it was replaced or removed.")
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        write_adapter(run, unfinished, about)
        replace_folder(folder, unfinished)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_adapter(run: TrainingRun, folder: Path, about: dict[str, Any]) -> None:
    """Write an adapter's three files into a new folder."""
    model, name = run.generator.model, run.generator.adapter
    folder.mkdir(parents=True)
    tensors = adapter_tensors(model, name)
    write_tensors({key: value.to(torch.bfloat16) for key, value in tensors.items()}, folder / WEIGHTS_FILE)
    config = run.config.to_dict()
    config |= {"base_model_name_or_path": run.generator.name, "inference_mode": True}
    config["target_modules"] = sorted(config["target_modules"])
    write_json(folder / CONFIG_FILE, config)
    card = {
        "base_model": run.generator.name,
        "settings": vars(run.settings),
        "examples_sha256": run.examples_sha256,
        "trained_tokens": run.trained_tokens,
        "trainable_parameters": run.trainable_parameters,
        "training_seconds": round(run.seconds),
        "date": date.today().isoformat(),
    }
    write_json(folder / CARD_FILE, card | about)


def replace_folder(folder: Path, complete: Path) -> None:
    """Put a complete folder in another's place; the old one is deleted only after that."""
    replaced = folder.with_name(folder.name + ".replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.rename(replaced)
    complete.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def read_card(folder: Path) -> dict[str, Any]:
    """Return an adapter's card. Raises FileNotFoundError when there is none, ValueError when it cannot be read."""
    card = read_part(folder / CARD_FILE)
    if "base_model" not in card:
        raise damaged(folder / CARD_FILE, "it names no base model")
    return card


def read_part(path: Path) -> dict[str, Any]:
    """Return the content of one of an adapter's JSON files; raise FileNotFoundError or ValueError, naming the file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. An adapter is {WEIGHTS_FILE}, {CONFIG_FILE} and {CARD_FILE}.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(path, str(error)) from None


def damaged(path: Path, why: str) -> ValueError:
    """Return the error for a file that cannot be used."""
    return ValueError(f"{path}: damaged or cut off ({why}). Fetch or train the adapter again.")


def load_adapter(generator: Generator, folder: Path, *, name: str) -> Generator:
    """Load an adapter into the generator's model; return a generator that answers with it.

    The given generator shares the model; an adapter of the same name is replaced, all others and the base model answer
    as before. Raises FileNotFoundError for a missing file, and ValueError for an adapter that was trained for another
    base model or one of whose files cannot be used. The model's adapters are then what they were.
    """
    card = read_card(folder)
    if card["base_model"] != generator.name:
        raise ValueError(f"{folder}: trained for {card['base_model']}, but the base model here is {generator.name}.")
    tensors = read_tensors(folder / WEIGHTS_FILE)
    read_part(folder / CONFIG_FILE)  # without it, peft would ask the Hub
    with replacing(generator, name):
        try:
            config = PeftConfig.from_pretrained(str(folder))
            config.base_model_name_or_path = None  # peft knows the base by its folder, and would warn of another name
            model = add_adapter(generator, config, name)
            fill_adapter(model, name, tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(folder, str(error)) from None
    return Generator(model, generator.tokenizer, generator.name, adapter=name)
