"""An adapter's tensors, and tensors in safetensors files, with errors that name the file."""

from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file


def adapter_tensors(model: PeftModel, name: str) -> dict[str, torch.Tensor]:
    """Return copies of an adapter's tensors, under the names that peft writes them with; the Hub is not asked."""
    tensors = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    return {key: value.detach().clone() for key, value in tensors.items()}


def write_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Write tensors to a file. Raises OSError when they cannot be written, for instance to a full disk."""
    try:
        save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    except SafetensorError as error:
        raise OSError(f"{path}: could not be written ({error}).") from None


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return a file's tensors. Raises FileNotFoundError without the file, ValueError when it is damaged or cut off."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: damaged or cut off ({error}). Fetch or train it again.") from None
