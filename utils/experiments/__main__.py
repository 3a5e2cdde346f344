"""`python -m utils.experiments` runs the long protocol; what is up to date is skipped."""

from utils.experiments.protocol import run_protocol
from utils.experiments.settings import load_settings
from utils.models import load_embedder, load_generator

run_protocol(load_settings(), load_embedder(), load_generator())
