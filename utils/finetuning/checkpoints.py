"""Checkpoints of a training run: whose folder it is, which of them are whole, and the time that a run took in all."""

import json
import shutil
import time
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from peft.utils import SAFETENSORS_WEIGHTS_NAME
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from utils.data import write_json
from utils.finetuning.tensors import read_tensors

RUN_FILE = "run.json"
RNG_FILE = "rng_state.pth"
KEPT = 2
LOG_KEY = "seconds"


def checkpoint_folder(args: TrainingArguments, state: TrainerState) -> Path:
    """Return where the Trainer writes the checkpoint of the present step."""
    return Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"


def claim_folder(folder: Path, run: dict[str, Any]) -> None:
    """Make an empty or missing folder this run's, or check that it is this run's already.

    `run` is what tells runs apart; it is kept in run.json. Raises ValueError, and changes nothing, when the folder
    belongs to another run or holds other files.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder}: holds files, but no {RUN_FILE}. Give an empty or new folder for checkpoints.")
        write_json(path, run)
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path}: damaged. Delete the folder, or give another one for checkpoints.") from None
    wanted = json.loads(json.dumps(run))  # tuples become lists, as in the file
    different = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
    if different:
        raise ValueError(
            f"{folder}: holds checkpoints of another run (other {', '.join(different)}). "
            "Delete the folder, or give another one for checkpoints."
        )


def newest_whole(folder: Path) -> Path | None:
    """Return a run's newest whole checkpoint, or None, after deleting those that are not whole.

    A checkpoint of the same step is later written into the same place, so no remains may lie there.
    """
    whole = []
    for checkpoint in folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        if is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            shutil.rmtree(checkpoint)
    return max(whole, key=lambda checkpoint: int(checkpoint.name.rpartition("-")[2]), default=None)


def is_whole(checkpoint: Path) -> bool:
    """Tell whether a checkpoint was written to its end and can be read.

    The Trainer marks nothing as complete, but writes its state last. The other files are looked at as well, because
    it passes over a missing optimizer in silence.
    """
    try:
        json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
        for weights in checkpoint.glob("*.safetensors"):
            read_tensors(weights)
    except (OSError, ValueError):
        return False
    pickles = (OPTIMIZER_NAME, SCHEDULER_NAME, RNG_FILE)
    return (checkpoint / SAFETENSORS_WEIGHTS_NAME).is_file() and all(is_zipfile(checkpoint / name) for name in pickles)


class Stopwatch(TrainerCallback):
    """Notes in every checkpoint how long the run has trained, so that a resumed run knows its whole time."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.earlier = 0.0

    def seconds(self) -> float:
        """Return the seconds of this call and of those that it resumes, up to their checkpoint."""
        return self.earlier + time.perf_counter() - self.started

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take up the time from the checkpoint, if there is one."""
        self.earlier = max((entry[LOG_KEY] for entry in state.log_history if LOG_KEY in entry), default=0.0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Note the time when a checkpoint is about to be written."""
        if control.should_save:
            state.log_history.append({LOG_KEY: self.seconds(), "step": state.global_step})
