"""Stand-ins for the stages of a pipeline."""


class Parrot:
    """A generator that gives fixed replies, remembers what it was asked, and counts words as tokens."""

    def __init__(self, replies, context_tokens=2048):
        self.replies = replies
        self.context_tokens = context_tokens
        self.asked = []

    def generate(self, conversations, *, max_new_tokens=40):
        self.asked = conversations
        return self.replies[: len(conversations)]

    def count_prompt_tokens(self, messages):
        return sum(len(message["content"].split()) for message in messages)


class Finder:
    """A retriever that finds the same hits for every question and remembers the questions."""

    def __init__(self, hits):
        self.hits = hits
        self.queries = []

    def search(self, queries, k, *, where=None):
        self.queries = queries
        return [self.hits[:k] for _ in queries]
