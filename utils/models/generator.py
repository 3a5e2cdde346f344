"""The generator: a causal language model that answers batches of conversations."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, Cache, PreTrainedModel, PreTrainedTokenizerBase

from utils.models.hub import locate_model
from utils.models.prompts import Message, render
from utils.models.weights import GENERATOR_NAME, GENERATOR_VARIABLE, GENERATOR_WEIGHTS, converted_folder

# peft still asks transformers for an attribute under its old name
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)

PRECISION_VARIABLE = "RETRIEVE_OR_TUNE_PRECISION"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
CONTEXT_TOKENS = 2048


def best_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def best_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device computes it natively, float16 on other GPUs, float32 on other CPUs.

    The environment variable RETRIEVE_OR_TUNE_PRECISION chooses another; raises ValueError for a name that is none.
    """
    if chosen := os.environ.get(PRECISION_VARIABLE):
        if chosen not in PRECISIONS:
            raise ValueError(f"{PRECISION_VARIABLE} is {chosen!r}; it may be {', '.join(PRECISIONS)}, or not be set.")
        return PRECISIONS[chosen]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    capabilities = torch.cpu.get_capabilities()
    native = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if native else torch.float32


def best_attention(device: torch.device, dtype: torch.dtype) -> str:
    """Return the faster implementation of attention: plain matrix products in bfloat16 on a CPU, else PyTorch's own."""
    return "eager" if device.type == "cpu" and dtype == torch.bfloat16 else "sdpa"


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Silence transformers' progress bars and notices while a model is loaded."""
    verbosity = transformers.logging.get_verbosity()
    bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(verbosity)
        if bars:
            transformers.logging.enable_progress_bar()


def convert_gguf(source: Path, folder: Path) -> None:
    """Write a GGUF checkpoint into a folder as float32 safetensors with its tokenizer.

    transformers refuses to save a model that it read from GGUF, so its de-quantised tensors are copied into a fresh
    model of the same configuration.
    """
    with quiet_loading(), redirect_stderr(io.StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        loaded = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
        settings = loaded.config.to_dict()
        settings.pop("quantization_config", None)
        fresh = AutoModelForCausalLM.from_config(type(loaded.config).from_dict(settings))
        fresh.load_state_dict(loaded.state_dict())
        fresh.generation_config = loaded.generation_config
        fresh.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def load_generator(
    model_id: str | None = None, *, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> "Generator":
    """Load the course's generator, or another one by its Hub id or folder.

    `model_id` defaults to the environment variable RETRIEVE_OR_TUNE_GENERATOR and, if that is not set, to the packaged
    SmolLM2-135M-Instruct. `device` and `dtype` default to the best that this machine has. Raises FileNotFoundError when
    the model cannot be had (package not installed; Hub id unknown or no network), ValueError when the packaged file is
    damaged.
    """
    model_id = model_id or os.environ.get(GENERATOR_VARIABLE)
    device = device or best_device()
    dtype = dtype or best_dtype(device)
    source = locate_model(model_id) if model_id else converted_folder(GENERATOR_WEIGHTS, convert_gguf)
    with quiet_loading():
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            source,
            dtype=dtype,
            attn_implementation=best_attention(device, dtype),
            use_safetensors=True,
            trust_remote_code=False,
        )
    name = model_id or GENERATOR_NAME
    return Generator(model.to(device), tokenizer, name)


class Generator:
    """A language model and its tokenizer, answering in batches.

    Several generators may share one model: `adapter` names the LoRA adapter that this one answers with, and None means
    the base model alone. `name` identifies the base model in adapters and results.
    """

    def __init__(
        self,
        model: PreTrainedModel | PeftModel,
        tokenizer: PreTrainedTokenizerBase,
        name: str,
        adapter: str | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        self.adapter = adapter
        self.context_tokens = min(CONTEXT_TOKENS, model.config.max_position_embeddings)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without any special tokens added."""
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def generate(
        self, conversations: list[list[Message]], *, max_new_tokens: int = 40, batch_size: int = 16
    ) -> list[str]:
        """Answer each conversation by greedy decoding; return one stripped text each, in the given order.

        Conversations of similar length share a batch, so that little is computed on padding. Raises ValueError when a
        prompt and its answer would not fit into the context.
        """
        prompts = [render(messages, self.tokenizer) for messages in conversations]
        lengths = [self.count_tokens(prompt) for prompt in prompts]
        for number, length in enumerate(lengths):
            self.check_length(length, max_new_tokens, number)
        order = sorted(range(len(prompts)), key=lambda number: lengths[number])
        answers: dict[int, str] = {}
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            texts = self._generate_batch([prompts[number] for number in batch], max_new_tokens)
            answers.update(zip(batch, texts, strict=True))
        return [answers[number] for number in range(len(prompts))]

    def stream(self, messages: list[Message], *, max_new_tokens: int = 40) -> Iterator[str]:
        """Answer one conversation piece by piece, as the text is written: together, the pieces are `generate`'s answer.

        Each token is a `generate` of its own that goes on from the attention's cache, so other generators may use the
        shared model between two pieces, and a reader may stop at any piece. Raises ValueError like `generate`, when the
        first piece is asked for.
        """
        prompt = render(messages, self.tokenizer)
        self.check_length(self.count_tokens(prompt), max_new_tokens)
        ids = self.tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"].to(self.model.device)
        prompt_length, cache, shown = ids.shape[1], None, ""
        for number in range(1, max_new_tokens + 1):
            ids, cache = self._next_token(ids, cache)
            ended = number == max_new_tokens or int(ids[0, -1]) in self._end_tokens()
            text = self.tokenizer.decode(ids[0, prompt_length:], skip_special_tokens=True)
            if not ended:
                text = text.rstrip("\ufffd")  # a character whose last bytes are still to come
            text = text.strip()
            if len(text) > len(shown):
                yield text[len(shown) :]
                shown = text
            if ended:
                return

    def _next_token(self, ids: torch.Tensor, cache: Cache | None) -> tuple[torch.Tensor, Cache]:
        """Return token ids, shape (1, tokens), with one more token, and the cache that has read all but that one."""
        self.model.eval()
        with torch.inference_mode(), self.active_adapter():
            output = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                past_key_values=cache,
                max_new_tokens=1,
                do_sample=False,
                return_dict_in_generate=True,
            )
        return output.sequences, output.past_key_values

    def _end_tokens(self) -> list[int]:
        end = self.model.generation_config.eos_token_id
        return end if isinstance(end, list) else [end]

    def count_prompt_tokens(self, messages: list[Message]) -> int:
        """Return the number of tokens of the prompt that a conversation becomes."""
        return self.count_tokens(render(messages, self.tokenizer))

    def check_length(self, prompt_tokens: int, max_new_tokens: int, number: int = 0) -> None:
        """Raise ValueError when the prompt of conversation `number` and its answer would not fit into the context."""
        if prompt_tokens + max_new_tokens > self.context_tokens:
            raise ValueError(
                f"Conversation {number} has {prompt_tokens} tokens; with {max_new_tokens} new ones it exceeds the "
                f"context of {self.context_tokens} tokens. Shorten the passages or the question."
            )

    def _generate_batch(self, prompts: list[str], max_new_tokens: int) -> list[str]:
        inputs = self.tokenizer(
            prompts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt"
        ).to(self.model.device)
        self.model.eval()
        with torch.inference_mode(), self.active_adapter():
            output = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        new_tokens = output[:, inputs["input_ids"].shape[1] :]
        return [text.strip() for text in self.tokenizer.batch_decode(new_tokens, skip_special_tokens=True)]

    @contextmanager
    def active_adapter(self) -> Iterator[None]:
        """Switch this generator's adapter on (or all adapters off) while the block runs."""
        if self.adapter is not None:
            self.model.set_adapter(self.adapter)
        plain = self.adapter is None and isinstance(self.model, PeftModel)
        with self.model.disable_adapter() if plain else nullcontext():
            yield
