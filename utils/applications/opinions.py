"""What a model thinks without writing anything: how likely it finds an answer, or a question, beside a text."""

import torch

from utils.models import Generator, Message, render
from utils.models.prompts import neutralise
from utils.rag.prompts import replace_control_characters

BATCH = 16

YES_NO_SYSTEM = "Answer with Yes or No."
SENTENCE_TEMPLATE = "Sentence: {sentence}\n\nDoes this sentence answer the question: {question}"
USUAL_TEMPLATE = "Does a {kind} have a sentence that answers this question: {question}"
ASK_SYSTEM = "You write one question that a text answers."


def yes_no_messages(template: str, **parts: str) -> list[Message]:
    """Return the conversation that asks a yes/no question."""
    asked = replace_control_characters(template.format(**parts))
    return [{"role": "system", "content": YES_NO_SYSTEM}, {"role": "user", "content": asked}]


def yes_log_odds(conversations: list[list[Message]], generator: Generator) -> list[float]:
    """Return log P(Yes) − log P(No) for the first token of the model's answer to each conversation."""
    yes, no = (generator.tokenizer.encode(word, add_special_tokens=False)[0] for word in ("Yes", "No"))
    prompts = [render(messages, generator.tokenizer) for messages in conversations]
    different = list(dict.fromkeys(prompts))
    outcomes = run_in_batches(different, [1] * len(different), generator)
    odds = {
        prompt: float(logits[-1, yes] - logits[-1, no]) for prompt, (_, logits) in zip(different, outcomes, strict=True)
    }
    return [odds[prompt] for prompt in prompts]


def question_log_likelihoods(sentences: list[str], questions: list[str], generator: Generator) -> list[float]:
    """Return the mean log probability of a question's tokens, given a sentence that it might be asked about.

    The model need not know how to say yes: it is enough that a question is likelier beside its answer (Sachan et al.
    2022, *Improving Passage Retrieval with Zero-Shot Question Generation*). Raises ValueError for lengths that differ.
    """
    if len(sentences) != len(questions):
        raise ValueError(f"{len(sentences)} sentences but {len(questions)} questions: give one for each.")
    prompts = [
        render(
            [
                {"role": "system", "content": ASK_SYSTEM},
                {"role": "user", "content": replace_control_characters(f"Text: {sentence}")},
            ],
            generator.tokenizer,
        )
        for sentence in sentences
    ]
    questions = [neutralise(question, generator.tokenizer) for question in questions]
    lengths = [generator.count_tokens(question) for question in questions]
    texts = [prompt + question for prompt, question in zip(prompts, questions, strict=True)]
    values = []
    for length, (ids, logits) in zip(lengths, run_in_batches(texts, [n + 1 for n in lengths], generator), strict=True):
        chances = logits[:-1].log_softmax(dim=-1)
        values.append(float(chances.gather(1, ids[-length:, None]).mean()))
    return values


def run_in_batches(texts: list[str], ends: list[int], generator: Generator) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return for each text the ids of its last `end` tokens and the logits after each of them, float32."""
    found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        inputs = generator.tokenizer(
            [texts[number] for number in batch],
            add_special_tokens=False,
            padding=True,
            padding_side="left",
            return_tensors="pt",
        ).to(generator.model.device)
        generator.model.eval()
        with torch.inference_mode(), generator.active_adapter():
            logits = generator.model(**inputs, logits_to_keep=max(ends[n] for n in batch)).logits.float().cpu()
        ids = inputs["input_ids"].cpu()
        found |= {n: (ids[row, -ends[n] :], logits[row, -ends[n] :]) for row, n in enumerate(batch)}
    return [found[number] for number in range(len(texts))]
