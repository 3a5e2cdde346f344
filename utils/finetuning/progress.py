"""A progress line for training that rewrites itself in place and leaves one line behind."""

import time
from typing import Any

from IPython.display import DisplayHandle, display
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

WIDTH = 30
REFRESH_SECONDS = 1.0


class ProgressLine(TrainerCallback):
    """Shows a bar, the step, the loss and the time left while a Trainer runs in a notebook."""

    def __init__(self, visible: bool = True) -> None:
        self.visible = visible
        self.handle: DisplayHandle | None = None
        self.started = 0.0
        self.shown = 0.0
        self.resumed_at = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put up the empty bar."""
        self.started = time.perf_counter()
        self.shown = 0.0
        self.resumed_at = state.global_step
        if self.visible:
            self.handle = display(plain("training …"), raw=True, display_id=True)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Redraw the bar, at most once a second."""
        now = time.perf_counter()
        if self.handle is None or not logs or "loss" not in logs or now - self.shown < REFRESH_SECONDS:
            return
        self.shown = now
        done = state.global_step / state.max_steps
        bar = "█" * round(done * WIDTH) + "░" * (WIDTH - round(done * WIDTH))
        made = state.global_step - self.resumed_at
        left = (now - self.started) * (state.max_steps - state.global_step) / made
        self.handle.update(
            plain(f"{bar} step {state.global_step}/{state.max_steps}, loss {logs['loss']:.2f}, {left:.0f} s left"),
            raw=True,
        )

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Leave one line that says how many steps were made, and in what time."""
        if self.handle is not None:
            seconds = time.perf_counter() - self.started
            made = state.global_step - self.resumed_at
            self.handle.update(plain(f"{'█' * WIDTH} {made} steps in {seconds:.0f} s"), raw=True)


def plain(text: str) -> dict[str, str]:
    """Return a display bundle of plain text."""
    return {"text/plain": text}
