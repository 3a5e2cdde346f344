"""`python -m utils.experiments` measures the head-to-head, `python -m utils.experiments lessons` the rest.

The head-to-head: prompts, both adapters, all arms, further seeds, and the kinds of fine-tuning. The rest: what single
lessons show of reading (03), training (05), skills (06) and approximate indexes (02). What is up to date is skipped.
"""

import sys

from utils.data import load_facts
from utils.experiments.index_scale import NAME, run_index_scale
from utils.experiments.protocol import run_protocol, run_reading
from utils.experiments.results import RESULTS_FOLDER
from utils.experiments.seeds import run_seeds
from utils.experiments.settings import load_settings
from utils.experiments.skills import run_skills
from utils.experiments.tuning import KINDS, run_tuning
from utils.models import load_embedder, load_generator


def measure_head_to_head() -> None:
    """Measure all that the comparison rests on."""
    settings, embedder = load_settings(), load_embedder()
    run_protocol(settings, embedder, load_generator())
    run_seeds(settings, embedder, load_generator())
    run_tuning(load_generator(), load_facts(), KINDS)


def measure_lessons() -> None:
    """Measure what single lessons show beside that."""
    embedder = load_embedder()
    run_reading(load_settings(), embedder, load_generator())
    run_tuning(load_generator(), load_facts())
    run_skills(load_generator(), embedder)
    if not (RESULTS_FOLDER / f"{NAME}.json").is_file():  # it depends on no data of ours: delete it to measure anew
        run_index_scale(embedder)


COMMANDS = {"head-to-head": measure_head_to_head, "lessons": measure_lessons}
chosen = sys.argv[1:] or ["head-to-head"]
if len(chosen) > 1 or chosen[0] not in COMMANDS:
    sys.exit(f"Unknown: {' '.join(chosen)}. There are: {', '.join(COMMANDS)}.")
COMMANDS[chosen[0]]()
