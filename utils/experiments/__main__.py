"""`python -m utils.experiments` runs the long protocol; what is up to date is skipped."""

from utils.data import load_facts
from utils.experiments.index_scale import NAME, run_index_scale
from utils.experiments.protocol import run_protocol
from utils.experiments.results import RESULTS_FOLDER
from utils.experiments.seeds import run_seeds
from utils.experiments.settings import load_settings
from utils.experiments.skills import run_skills
from utils.experiments.tuning import run_tuning
from utils.models import load_embedder, load_generator

embedder = load_embedder()
run_protocol(load_settings(), embedder, load_generator())
run_seeds(load_settings(), embedder, load_generator())
run_tuning(load_generator(), load_facts())
run_skills(load_generator(), embedder)
if not (RESULTS_FOLDER / f"{NAME}.json").is_file():  # it depends on no data of ours: delete the file to measure again
    run_index_scale(embedder)
