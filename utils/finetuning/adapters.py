"""Adapters on disk: safetensors, the LoRA configuration, and a card that says what the adapter is."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from utils.data import write_json
from utils.finetuning.training import TrainingRun
from utils.models import Generator

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
CARD_FILE = "card.json"


def save_adapter(run: TrainingRun, folder: Path, *, about: dict[str, Any]) -> None:
    """Write a trained adapter as bfloat16 safetensors with its configuration and card.

    `about` is merged into the card (what it is for, its scores). The files are written beside the folder, which is
    replaced only once they are complete.
    """
    model, name = run.generator.model, run.generator.adapter
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    tensors = get_peft_model_state_dict(model, adapter_name=name)
    save_file({key: value.to(torch.bfloat16).contiguous() for key, value in tensors.items()}, unfinished / WEIGHTS_FILE)
    config = model.peft_config[name].to_dict()
    config |= {"base_model_name_or_path": run.generator.name, "inference_mode": True}
    config["target_modules"] = sorted(config["target_modules"])
    write_json(unfinished / CONFIG_FILE, config)
    card = {
        "base_model": run.generator.name,
        "settings": vars(run.settings),
        "examples_sha256": run.examples_sha256,
        "trained_tokens": run.trained_tokens,
        "trainable_parameters": run.trainable_parameters,
        "training_seconds": round(run.seconds),
        "date": date.today().isoformat(),
    }
    write_json(unfinished / CARD_FILE, card | about)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def read_card(folder: Path) -> dict[str, Any]:
    """Return an adapter's card. Raises FileNotFoundError when there is none."""
    path = folder / CARD_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. An adapter is {WEIGHTS_FILE}, {CONFIG_FILE} and {CARD_FILE}.")
    return json.loads(path.read_text(encoding="utf-8"))


def load_adapter(generator: Generator, folder: Path, *, name: str) -> Generator:
    """Load an adapter into the generator's shared model; return a generator that answers with it.

    Raises FileNotFoundError for a missing file, and ValueError for an adapter that was trained for another base model
    or whose weights cannot be read.
    """
    card = read_card(folder)
    if card["base_model"] != generator.name:
        raise ValueError(f"{folder}: trained for {card['base_model']}, but the base model here is {generator.name}.")
    try:
        load_file(folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise ValueError(f"{folder / WEIGHTS_FILE}: damaged or cut off ({error}). Fetch or train it again.") from None
    model = generator.model
    if isinstance(model, PeftModel):
        model.load_adapter(folder, adapter_name=name, autocast_adapter_dtype=False)
    else:
        model = PeftModel.from_pretrained(model, folder, adapter_name=name, autocast_adapter_dtype=False)
    model.eval()
    return Generator(model, generator.tokenizer, generator.name, adapter=name)
