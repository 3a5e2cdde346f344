"""How fast this machine multiplies matrices, and what the notebooks would take at that speed."""

import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

TIMINGS_FILE = Path(__file__).resolve().parents[2] / "data" / "results" / "timings.json"
TOKENS, WIDTH, INNER_WIDTH = 320, 576, 1536  # a batch of the generator's tokens, and the sizes of its layers
SPANS = 10
PASSES = 4  # between two looks at the clock


def measure_speed(seconds: float = 10) -> float:
    """Return how fast this machine multiplies matrices as the generator does, in GFLOP/s, in about `seconds` seconds.

    Multiplies (320, 576) by (576, 1536) and the result by (1536, 576), the sizes of the generator's layers, in the
    precision and on the device that the models use, with all of torch's threads. The result is the median of ten short
    spans, so that a moment's disturbance does not count. Raises ValueError unless `seconds` is positive.
    """
    import torch

    from utils.models.generator import best_device, best_dtype

    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; give a positive number.")
    device = best_device()
    kind = {"device": device, "dtype": best_dtype(device)}
    states = torch.ones(TOKENS, WIDTH, **kind)
    up, down = torch.full((WIDTH, INNER_WIDTH), 1 / WIDTH, **kind), torch.full((INNER_WIDTH, WIDTH), 1e-3, **kind)
    with torch.inference_mode():
        span_speed(states, up, down, seconds=0)  # the first products also set things up
        return statistics.median(span_speed(states, up, down, seconds=seconds / SPANS) for _ in range(SPANS))


def span_speed(states: "torch.Tensor", up: "torch.Tensor", down: "torch.Tensor", *, seconds: float) -> float:
    """Return GFLOP/s of `states @ up @ down`, repeated for at least `seconds` seconds and at least four times."""
    import torch

    passes = 0
    started = time.perf_counter()
    while True:
        for _ in range(PASSES):
            states @ up @ down
        if states.is_cuda:
            torch.cuda.synchronize()
        passes += PASSES
        elapsed = time.perf_counter() - started
        if elapsed >= seconds:
            return passes * 4 * states.shape[0] * up.numel() / elapsed / 1e9  # two products of 2 · 320 · 576 · 1536


def read_timings(path: Path = TIMINGS_FILE) -> dict[str, Any]:
    """Return the committed times of the notebooks and the machine that they were measured on.

    Raises FileNotFoundError when the file is missing.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is missing from data/results. `make outputs` writes it.")
    return json.loads(path.read_text(encoding="utf-8"))


def estimate_minutes(speed: float, timings: dict[str, Any]) -> dict[str, float]:
    """Return for each notebook the minutes that it would take on a machine of `speed` GFLOP/s.

    `timings` is what `read_timings` returns. This is an estimate: each measured time is multiplied by the measured
    machine's speed over this one's, as if a notebook did nothing but multiply matrices. That is most of its time, not
    all: loading, reading files and drawing do not get slower or faster in the same proportion, least of all on a GPU.
    Raises ValueError when `speed` is not positive, or when the timings do not hold the speed of their machine.
    """
    if not speed > 0:
        raise ValueError(f"speed is {speed} GFLOP/s; give what measure_speed returns, a positive number.")
    there = timings["machine"].get("gflops")
    if not there:
        raise ValueError("timings.json does not hold its machine's speed (machine: gflops). Run `make outputs`.")
    return {name: timing["seconds"] / 60 * there / speed for name, timing in timings["notebooks"].items()}
