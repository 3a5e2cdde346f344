"""What several tests share: the real models, loaded once, and a tiny language model for training tests."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from utils.models import Embedder, Generator, load_embedder, load_generator


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def generator() -> Generator:
    return load_generator()


@pytest.fixture
def tiny_generator(generator: Generator) -> Generator:
    """A generator with random weights and the real tokenizer, small enough to train in a second."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=generator.model.config.vocab_size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=generator.tokenizer.eos_token_id,
        pad_token_id=generator.tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.lm_head.weight *= 20  # with the usual tiny weights no hidden state could tell 49,152 tokens apart
    return Generator(model, generator.tokenizer, "tiny")
