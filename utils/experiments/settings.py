"""The frozen settings of the head-to-head: chosen on development questions, then left alone."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from utils.data import DATA_FOLDER
from utils.finetuning import LoraSettings

SETTINGS_FILE = DATA_FOLDER / "results" / "settings.json"


class AdapterSettings(BaseModel):
    """How one adapter is trained: its LoRA settings and how many passes it makes over its examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lora: LoraSettings
    passes: int = Field(ge=1)


class Settings(BaseModel):
    """Everything that could be tuned: none of it may be chosen by looking at test questions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passage_tokens: int = Field(ge=32, le=254)
    overlap_sentences: int = Field(ge=0)
    base_passages: int = Field(ge=1)
    base_prompt: str
    reader_passages: int = Field(ge=1)
    reader_training_passages: int = Field(ge=1)
    reader_wordings: int = Field(ge=1)
    questions_adapter: AdapterSettings
    reader_adapter: AdapterSettings


def load_settings(path: Path = SETTINGS_FILE) -> Settings:
    """Read the frozen settings. Raises FileNotFoundError or ValueError, naming the file and the field."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. It holds the settings that were chosen on development questions."
        )
    try:
        return Settings.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"{path}: {wrong}.") from None
