"""Adapters inside the model that several generators share: added, replaced, and removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft import PeftConfig, PeftModel, get_peft_model, set_peft_model_state_dict

from utils.finetuning.tensors import adapter_tensors
from utils.models import Generator


@dataclass(frozen=True)
class SetAside:
    """An adapter that was taken out of a model, to be put back unless another one takes its place."""

    config: PeftConfig
    tensors: dict[str, torch.Tensor]


def adapter_names(generator: Generator) -> list[str]:
    """Return the names of the adapters in a generator's model."""
    return list(generator.model.peft_config) if isinstance(generator.model, PeftModel) else []


def add_adapter(generator: Generator, config: PeftConfig, name: str) -> PeftModel:
    """Put a fresh, active adapter into a generator's model, which becomes a PeftModel; return that.

    The generator itself answers as before. A LoRA adapter's B matrices are zero, so it changes nothing yet.
    """
    if isinstance(generator.model, PeftModel):
        generator.model.add_adapter(name, config)
        generator.model.set_adapter(name)
    else:
        generator.model = get_peft_model(generator.model, config, adapter_name=name)
    return generator.model


def fill_adapter(model: PeftModel, name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Give an adapter its weights, in the precision of the base weights.

    Raises ValueError when they are not those of an adapter with its configuration.
    """
    try:
        unused = set_peft_model_state_dict(model, tensors, adapter_name=name).unexpected_keys
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the configuration: {str(error).splitlines()[-1].strip()}") from None
    wanted = adapter_tensors(model, name)
    if unused or wanted.keys() != tensors.keys():
        wrong = sorted([*unused, *(wanted.keys() ^ tensors.keys())])
        raise ValueError(f"the weights do not fit the configuration: missing or of no use is {wrong[0]}")
    answer_in_the_precision_of_the_base(model)


def remove_adapter(generator: Generator, name: str) -> None:
    """Take an adapter out of a generator's model; without its last adapter, it becomes the plain base model again.

    Generators that answer with that adapter cannot answer any more. Raises ValueError when there is none of that name.
    """
    if name not in adapter_names(generator):
        raise ValueError(f"There is no adapter {name!r} in this model, only {adapter_names(generator)}.")
    model = generator.model
    delete_adapter(model, name)
    if not model.peft_config:
        generator.model = model.unload()


def delete_adapter(model: PeftModel, name: str) -> None:
    """Delete one of a model's adapters; another one, if there is one, is active before, or peft would warn."""
    others = [other for other in model.peft_config if other != name]
    if others:
        model.set_adapter(others[0])
    model.delete_adapter(name)


@contextmanager
def replacing(generator: Generator, name: str) -> Iterator[None]:
    """Let the block put an adapter into a generator's model in place of the one of that name, if there is one.

    If the block fails or is interrupted, the model's adapters are what they were. The model stays the same object for
    all generators that share it: one that answered with the old adapter answers with the new one.
    """
    old = None
    if name in adapter_names(generator):
        old = SetAside(generator.model.peft_config[name], adapter_tensors(generator.model, name))
        delete_adapter(generator.model, name)
    try:
        yield
    except BaseException:
        put_back(generator, old, name)
        raise


def put_back(generator: Generator, old: SetAside | None, name: str) -> None:
    """Remove what is there under a name, and put the old adapter, if there was one, into its place."""
    begun = name in adapter_names(generator)
    if old is None:
        if begun:
            remove_adapter(generator, name)
        return
    if begun:
        delete_adapter(generator.model, name)
    fill_adapter(add_adapter(generator, old.config, name), name, old.tensors)


def answer_in_the_precision_of_the_base(model: PeftModel) -> None:
    """Make a model ready for answering, its adapters in the precision of the base weights."""
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(model.dtype)
            parameter.grad = None
    model.eval()
