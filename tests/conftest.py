"""What several tests share: the real models, loaded once, and a tiny language model for training tests."""

import pytest
import torch

from tests.shared import tiny_model
from utils.models import Embedder, Generator, load_embedder, load_generator

CASES = {"solution": "RIGHT", "stub": "STUBS", "mistake": "MISTAKES"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of tests/check_directions.py once for each case of the module that imports them."""
    for argument, cases in CASES.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, getattr(metafunc.module, cases))


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def generator() -> Generator:
    return load_generator()


@pytest.fixture
def tiny_generator(generator: Generator) -> Generator:
    """A generator with random weights and the real tokenizer, small enough to train in a second."""
    model = tiny_model(generator.tokenizer)
    with torch.no_grad():
        model.lm_head.weight *= 20  # with the usual tiny weights no hidden state could tell 49,152 tokens apart
    return Generator(model, generator.tokenizer, "tiny")
