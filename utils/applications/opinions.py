"""What a model thinks without writing anything: how likely it finds a yes or a no."""

import torch

from utils.models import Generator, Message, render
from utils.rag.prompts import replace_control_characters

BATCH = 16

YES_NO_SYSTEM = "Answer with Yes or No."
SENTENCE_TEMPLATE = "Sentence: {sentence}\n\nDoes this sentence answer the question: {question}"
USUAL_TEMPLATE = "Does a {kind} have a sentence that answers this question: {question}"


def yes_no_messages(template: str, **parts: str) -> list[Message]:
    """Return the conversation that asks a yes/no question."""
    asked = replace_control_characters(template.format(**parts))
    return [{"role": "system", "content": YES_NO_SYSTEM}, {"role": "user", "content": asked}]


def yes_log_odds(conversations: list[list[Message]], generator: Generator) -> list[float]:
    """Return log P(Yes) − log P(No) for the first token of the model's answer to each conversation."""
    yes, no = (generator.tokenizer.encode(word, add_special_tokens=False)[0] for word in ("Yes", "No"))
    prompts = [render(messages, generator.tokenizer) for messages in conversations]
    different = sorted(dict.fromkeys(prompts), key=len)
    odds: dict[str, float] = {}
    for start in range(0, len(different), BATCH):
        batch = different[start : start + BATCH]
        inputs = generator.tokenizer(
            batch, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt"
        ).to(generator.model.device)
        generator.model.eval()
        with torch.inference_mode(), generator.active_adapter():
            logits = generator.model(**inputs, logits_to_keep=1).logits[:, -1].float()
        odds |= dict(zip(batch, (logits[:, yes] - logits[:, no]).tolist(), strict=True))
    return [odds[prompt] for prompt in prompts]
