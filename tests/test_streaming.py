"""The answer piece by piece is the answer, with and without an adapter."""

import pytest
import torch

from utils.finetuning import LoraSettings
from utils.finetuning.shared_model import add_adapter
from utils.finetuning.training import lora_config
from utils.models import Generator

SYSTEM = {"role": "system", "content": "Answer in one short sentence."}


def user(text):
    return [SYSTEM, {"role": "user", "content": text}]


def with_adapter(generator):
    """Return the generator and a second one on the same model, whose adapter gives other answers."""
    model = add_adapter(generator, lora_config(LoraSettings(rank=4, alpha=64)), "other")
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.5)
    return [generator, Generator(model, generator.tokenizer, "tiny", adapter="other")]


def test_the_pieces_are_what_generate_says(tiny_generator):
    for question in ("How deep?", "Où est le câble ?", "用什么？", "🚀" * 5):
        whole = tiny_generator.generate([user(question)], max_new_tokens=30)[0]
        pieces = list(tiny_generator.stream(user(question), max_new_tokens=30))
        assert "".join(pieces) == whole and len(pieces) > 5 and all(pieces)


def test_an_answer_that_ends_early_streams_to_its_end(generator):
    question = user("What is the capital of France?")
    whole = generator.generate([question], max_new_tokens=30)[0]
    pieces = list(generator.stream(question, max_new_tokens=30))
    assert "".join(pieces) == whole and "Paris" in whole
    assert generator.count_tokens(whole) < 29


def test_characters_of_several_tokens_arrive_whole(tiny_generator, monkeypatch):
    told = tiny_generator.tokenizer("naïve 漢字 🚀 end", add_special_tokens=False)["input_ids"]
    left = [*told, tiny_generator.tokenizer.eos_token_id]

    def next_token(ids, cache):
        return torch.cat([ids, torch.tensor([[left.pop(0)]])], dim=1), cache

    monkeypatch.setattr(tiny_generator, "_next_token", next_token)
    pieces = list(tiny_generator.stream(user("?"), max_new_tokens=50))
    assert "".join(pieces) == "naïve 漢字 🚀 end"
    assert not any("\ufffd" in piece for piece in pieces) and len(pieces) < len(told)


def test_two_generators_on_one_model_may_stream_by_turns(tiny_generator):
    base, other = with_adapter(tiny_generator)
    question = user("How deep?")
    wanted = [one.generate([question], max_new_tokens=10)[0] for one in (base, other)]
    assert wanted[0] != wanted[1]
    streams = [base.stream(question, max_new_tokens=10), other.stream(question, max_new_tokens=10)]
    texts = ["", ""]
    for _ in range(11):
        for number, stream in enumerate(streams):
            texts[number] += next(stream, "")
    assert texts == wanted


def test_a_reader_may_stop_at_any_piece(tiny_generator):
    base, other = with_adapter(tiny_generator)
    wanted = base.generate([user("How deep?")], max_new_tokens=8)
    next(other.stream(user("How deep?"), max_new_tokens=8))
    assert not torch.is_inference_mode_enabled()
    assert base.generate([user("How deep?")], max_new_tokens=8) == wanted


def test_a_prompt_beyond_the_context_is_refused(tiny_generator):
    with pytest.raises(ValueError, match=r"has \d+ tokens.*exceeds the context of 512"):
        next(tiny_generator.stream(user("word " * 600)))
