"""The two models of the course: the generator that writes and the embedder that turns text into vectors."""

from utils.models.embedder import Embedder, load_embedder
from utils.models.generator import Generator, load_generator
from utils.models.prompts import Message, render
from utils.models.weights import chosen_models, prepare_models

__all__ = [
    "Embedder",
    "Generator",
    "Message",
    "chosen_models",
    "load_embedder",
    "load_generator",
    "prepare_models",
    "render",
]
