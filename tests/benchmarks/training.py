"""The speed of LoRA training and of generation, as ratios within one run. From the repository's root:

python -m tests.benchmarks.training [--part training|generation] [--examples N] [--questions N]
    [--runs N] [--json FILE]

Compare only ratios across machines, and run nothing else meanwhile. All train on the same examples in the same order
and batches with the same settings, and only tokens of the examples count, not padding. The stock Trainer is used as
peft's documentation does: SDPA attention, each batch padded to its longest example, logits at every position.

What share of the peak training reaches: each token costs 4·N FLOP (2·N forward, 2·N backward through N frozen weights
outside the embedding, for which no gradients are made) and each position whose logits are computed costs 4·V·d more (V
tokens in the vocabulary, d dimensions). Attention scores and the adapter's own weights are left out. The peak is that
of multiplying two large square matrices in the same precision.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from statistics import mean

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import PrinterCallback, Trainer

from tests.benchmarks.table import Row, print_table, report, take_turns
from utils.corpus import load_documents, split_into_passages
from utils.data import HANDBOOK_FOLDER, load_facts, write_json
from utils.experiments.results import describe_machine
from utils.finetuning import IGNORED, Example, LoraSettings, remove_adapter, train_adapter
from utils.finetuning.examples import MAX_TOKENS, encode_passes, pad_batch
from utils.finetuning.training import training_arguments
from utils.models import Generator, Message, load_generator, render
from utils.rag import open_book_messages

TRAINING_PROMPT = 320  # tokens
GENERATION_PROMPT = 300  # tokens
PASSES = 2
NEW_TOKENS = 40
MATRIX = 4096
MATRIX_PRODUCTS = 5
SETTINGS = LoraSettings()


def examples_of_length(generator: Generator, n: int, prompt_tokens: int) -> list[Example]:
    """Return n questions on the handbook with some of its passages, the ones whose prompts are nearest to a length."""
    passages = split_into_passages(load_documents(HANDBOOK_FOLDER), generator.count_tokens)
    facts = load_facts()[: 4 * n]
    offered = [
        Example(open_book_messages(fact.questions[0].text, passages[number : number + shown]), fact.answer)
        for number, fact in enumerate(facts)
        for shown in (1, 2, 3, 4)
    ]

    def distance(example: Example) -> int:
        return abs(generator.count_prompt_tokens(example.messages) - prompt_tokens)

    best_of_fact = [min(offered[start : start + 4], key=distance) for start in range(0, len(offered), 4)]
    nearest = sorted(best_of_fact, key=distance)[:n]
    if len(nearest) < n:
        raise ValueError(f"There are only {len(nearest)} facts to ask for, fewer than {n}.")
    return nearest


@dataclass
class OurTraining:
    """`train_adapter`; the adapter is taken out of the model again after each run."""

    generator: Generator
    passes: list[list[Example]]
    losses: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Train once, and keep the losses of the steps."""
        run = train_adapter(self.generator, self.passes, SETTINGS, name="timed", show_progress=False)
        self.losses = run.losses
        remove_adapter(self.generator, "timed")


@dataclass
class StockTraining:
    """A transformers.Trainer with peft, as they come."""

    generator: Generator
    passes: list[list[Example]]
    losses: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Train once, and keep the losses of the steps."""
        tokenizer = self.generator.tokenizer
        encoded = encode_passes(self.passes, tokenizer, MAX_TOKENS, SETTINGS.batch_size, SETTINGS.seed)
        config = LoraConfig(
            r=SETTINGS.rank, lora_alpha=SETTINGS.alpha, target_modules=SETTINGS.target_modules, task_type="CAUSAL_LM"
        )
        torch.manual_seed(SETTINGS.seed)
        model = get_peft_model(self.generator.model, config)
        with tempfile.TemporaryDirectory() as scratch:
            arguments = training_arguments(scratch, SETTINGS, model.device)
            trainer = Trainer(
                model=model,
                args=arguments,
                train_dataset=Dataset.from_list(encoded),
                data_collator=lambda batch: pad_batch(batch, tokenizer.pad_token_id, multiple_of=1),
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        self.losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        model.unload()


def stock_generator(dtype: torch.dtype) -> Generator:
    """Return the course's model in a precision, with SDPA attention."""
    generator = load_generator(dtype=dtype)
    generator.model.set_attn_implementation("sdpa")
    return generator


def precision(generator: Generator) -> str:
    """Return the name of the precision of a generator's weights."""
    return str(generator.model.dtype).removeprefix("torch.")


def matmul_peak(dtype: torch.dtype, device: torch.device) -> float:
    """Return the most FLOP a second that multiplying two large square matrices reaches."""
    left, right = (torch.randn(MATRIX, MATRIX, device=device).to(dtype) for _ in range(2))

    def multiply() -> float:
        started = time.perf_counter()
        (left @ right)[0, 0].item()  # a GPU has to be waited for
        return time.perf_counter() - started

    multiply()
    return 2 * MATRIX**3 / min(multiply() for _ in range(MATRIX_PRODUCTS))


def training_flop(generator: Generator, tokens: int, positions: int) -> float:
    """Return the FLOP of training on so many tokens, with logits computed at so many positions."""
    embedding = generator.model.get_input_embeddings().weight
    frozen = sum(parameter.numel() for parameter in generator.model.parameters()) - embedding.numel()
    return 4 * frozen * tokens + 4 * embedding.numel() * positions


def measure_training(ours: Generator, stock: list[Generator], n: int, runs: int) -> list[Row]:
    """Compare our training with the stock Trainer in bfloat16 and in float32."""
    passes = [examples_of_length(ours, n, TRAINING_PROMPT)] * PASSES
    encoded = encode_passes(passes, ours.tokenizer, MAX_TOKENS, SETTINGS.batch_size, SETTINGS.seed)
    tokens = sum(len(one["input_ids"]) for one in encoded)
    labelled = sum(label != IGNORED for one in encoded for label in one["labels"])
    our_training = OurTraining(ours, passes)
    stock_trainings = [StockTraining(generator, passes) for generator in stock]
    report(f"training on {tokens:,} tokens, {runs + 1} times in three ways")
    our_seconds, *stock_seconds = take_turns([our_training, *stock_trainings], runs)

    last = -(-len(our_training.losses) // PASSES)  # the steps of the last pass
    our_loss = mean(our_training.losses[-last:])
    name = f"training, ours ({precision(ours)})"
    rows = []
    for training, seconds, aim in zip(stock_trainings, stock_seconds, ("≥ 1.8", "≥ 3.5"), strict=True):
        stock_name = f"training, stock Trainer ({precision(training.generator)})"
        stock_loss = mean(training.losses[-last:])
        rows += [
            Row(
                f"{name}: tokens/s over those of the {stock_name.removeprefix('training, ')}",
                seconds / our_seconds,
                aim,
            ),
            Row(f"{stock_name}: tokens/s", tokens / seconds),
            Row(f"{stock_name}: mean loss of the last pass", stock_loss),
            Row(
                f"{name}: relative difference to the loss in {precision(training.generator)}",
                our_loss / stock_loss - 1,
                "within ± 0.02",
            ),
        ]
    report("multiplying matrices")
    peak = matmul_peak(ours.model.dtype, ours.model.device)
    return [
        *rows,
        Row(f"{name}: tokens/s", tokens / our_seconds),
        Row(f"{name}: mean loss of the last pass", our_loss),
        Row(f"matrix product ({precision(ours)}): GFLOP/s", peak / 1e9),
        Row(
            f"{name}: share of that, at 4·N a token + 4·V·d a labelled one",
            training_flop(ours, tokens, labelled) / our_seconds / peak,
        ),
    ]


def one_at_a_time(generator: Generator, conversations: list[list[Message]]) -> list[str]:
    """Return the answers of `model.generate` to one conversation after another."""
    answers = []
    for messages in conversations:
        prompt = render(messages, generator.tokenizer)
        inputs = generator.tokenizer(prompt, add_special_tokens=False, return_tensors="pt").to(generator.model.device)
        with torch.inference_mode():
            output = generator.model.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False)
        new_tokens = output[0, inputs["input_ids"].shape[1] :]
        answers.append(generator.tokenizer.decode(new_tokens, skip_special_tokens=True).strip())
    return answers


def measure_generation(ours: Generator, same: Generator, full: Generator, n: int, runs: int) -> list[Row]:
    """Compare our batches with one question at a time, in the same precision and in float32."""
    conversations = [example.messages for example in examples_of_length(ours, n, GENERATION_PROMPT)]
    for generator in (ours, same, full):
        generator.model.eval()
    report(f"answering {n} questions, {runs + 1} times in three ways")
    calls: list[Callable[[], object]] = [
        lambda: ours.generate(conversations, max_new_tokens=NEW_TOKENS),
        lambda: one_at_a_time(same, conversations),
        lambda: one_at_a_time(full, conversations),
    ]
    our_seconds, same_seconds, full_seconds = take_turns(calls, runs)
    report("comparing answers")
    together = full.generate(conversations, max_new_tokens=NEW_TOKENS)
    alone = one_at_a_time(full, conversations)
    name = f"generation, ours ({precision(ours)})"
    return [
        Row(f"{name}: answers/s over those of one at a time ({precision(same)})", same_seconds / our_seconds, "≥ 2.5"),
        Row(f"{name}: answers/s over those of one at a time ({precision(full)})", full_seconds / our_seconds, "≥ 4"),
        Row(f"{name}: answers/s", n / our_seconds),
        Row(
            f"generation ({precision(full)}): share of answers that are the same in batches and alone",
            mean(first == second for first, second in zip(together, alone, strict=True)),
            "1",
        ),
    ]


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("training", "generation"), help="measure only this (default: both)")
    parser.add_argument("--examples", type=int, default=24, help="how many to train on, twice each")
    parser.add_argument("--questions", type=int, default=64, help="how many to answer")
    parser.add_argument("--runs", type=int, default=5, help="how often each call is timed; medians are shown")
    parser.add_argument("--json", type=Path, help="a file to write the table to")
    arguments = parser.parse_args()
    if min(arguments.examples, arguments.questions, arguments.runs) < 1:
        parser.error("--examples, --questions and --runs must be 1 or more")

    ours, half, full = load_generator(), stock_generator(torch.bfloat16), stock_generator(torch.float32)
    same = half if ours.model.dtype == torch.bfloat16 else full
    rows = []
    if arguments.part != "generation":
        rows += measure_training(ours, [half, full], arguments.examples, arguments.runs)
    if arguments.part != "training":
        rows += measure_generation(ours, same, full, arguments.questions, arguments.runs)
    machine = describe_machine()
    sizes = {"examples": arguments.examples, "questions": arguments.questions, "runs": arguments.runs}
    title = ", ".join(f"{count} {name}" for name, count in sizes.items())
    print_table(rows, f"{title}, {date.today()}\n{machine}")
    if arguments.json:
        content = sizes | {"date": str(date.today()), "machine": machine, "rows": [asdict(row) for row in rows]}
        write_json(arguments.json, content)


if __name__ == "__main__":
    main()
