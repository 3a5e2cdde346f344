"""One way to turn a list of messages into the text that the language model reads, for training and inference."""

from typing import TypedDict

from transformers import PreTrainedTokenizerBase


class Message(TypedDict):
    """One turn of a conversation; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


def neutralise(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """Break every special token that occurs in a text, so that it is read as text and never as a command.

    Each such token gets a space after its first character: `<|im_start|>` becomes `< |im_start|>`.
    """
    for token in tokenizer.all_special_tokens:
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def render(messages: list[Message], tokenizer: PreTrainedTokenizerBase, *, answer_follows: bool = True) -> str:
    """Return the prompt for a conversation, in the tokenizer's own chat format.

    With `answer_follows` the prompt ends where the assistant's answer begins. Special tokens inside the contents are
    neutralised, so a document cannot pose as another speaker. Raises ValueError for an empty conversation, for one
    without a system message (the chat template would invent one), and for an unknown role.
    """
    if not messages:
        raise ValueError("messages is empty: give at least a system and a user message.")
    if messages[0]["role"] != "system":
        raise ValueError(
            f"The first message has the role {messages[0]['role']!r}: begin with a system message, "
            "otherwise the chat template inserts one of its own."
        )
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"Unknown role {message['role']!r}: use system, user or assistant.")
    safe = [{"role": m["role"], "content": neutralise(m["content"], tokenizer)} for m in messages]
    return tokenizer.apply_chat_template(safe, tokenize=False, add_generation_prompt=answer_follows)
