"""Adapters inside the model that several generators share: put in, taken out, and put back."""

from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

from utils.models import Generator


@dataclass(frozen=True)
class SetAside:
    """An adapter that was taken out of a model, to be put back unless another takes its place."""

    config: LoraConfig
    tensors: dict[str, torch.Tensor]


def adapter_names(generator: Generator) -> list[str]:
    """Return the names of the adapters in a generator's model."""
    return list(generator.model.peft_config) if isinstance(generator.model, PeftModel) else []


def put_in(generator: Generator, config: LoraConfig, name: str) -> PeftModel:
    """Put a fresh, active adapter into a generator's model, which becomes a PeftModel; return that.

    The generator itself answers as before. The adapter's B matrices are zero, so it changes nothing yet.
    """
    if isinstance(generator.model, PeftModel):
        generator.model.add_adapter(name, config)
        generator.model.set_adapter(name)
    else:
        generator.model = get_peft_model(generator.model, config, adapter_name=name)
    return generator.model


def take_out(generator: Generator, name: str) -> None:
    """Take an adapter out of a generator's model; without its last adapter, it becomes the plain base model again."""
    if len(generator.model.peft_config) > 1:
        delete(generator.model, name)
    else:
        generator.model = generator.model.unload()


def delete(model: PeftModel, name: str) -> None:
    """Delete one of a model's adapters; another one, if there is one, is active before, or peft would warn."""
    others = [other for other in model.peft_config if other != name]
    if others:
        model.set_adapter(others[0])
    model.delete_adapter(name)


def set_aside(generator: Generator, name: str) -> SetAside | None:
    """Take an adapter out and return it, or None when there is none of that name.

    The model stays a PeftModel for the generators that share it: one that answered with the adapter can go on with
    another of the same name.
    """
    if name not in adapter_names(generator):
        return None
    tensors = get_peft_model_state_dict(generator.model, adapter_name=name, save_embedding_layers=False)
    aside = SetAside(generator.model.peft_config[name], {key: value.clone() for key, value in tensors.items()})
    delete(generator.model, name)
    return aside


def put_back(generator: Generator, aside: SetAside, name: str) -> None:
    """Put an adapter back that was set aside, in the precision of the base weights, ready for answering."""
    if name in adapter_names(generator):
        delete(generator.model, name)
    model = put_in(generator, aside.config, name)
    set_peft_model_state_dict(model, aside.tensors, adapter_name=name)
    answer_in_the_precision_of_the_base(model)


def answer_in_the_precision_of_the_base(model: PeftModel) -> None:
    """Make a model ready for answering, its adapters in the precision of the base weights."""
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(model.dtype)
            parameter.grad = None
    model.eval()
