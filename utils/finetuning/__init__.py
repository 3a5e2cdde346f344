"""Fine-tuning with LoRA: examples, training, and adapters that can be saved, loaded and switched."""

from utils.finetuning.adapters import load_adapter, read_card, save_adapter
from utils.finetuning.all_weights import train_all_weights
from utils.finetuning.examples import IGNORED, Example, encode, pad_batch
from utils.finetuning.shared_model import remove_adapter
from utils.finetuning.training import LoraSettings, TrainingRun, train_adapter

__all__ = [
    "IGNORED",
    "Example",
    "LoraSettings",
    "TrainingRun",
    "encode",
    "load_adapter",
    "pad_batch",
    "read_card",
    "remove_adapter",
    "save_adapter",
    "train_adapter",
    "train_all_weights",
]
