"""Translation with context: translated pairs and glossary terms are looked up for each text and put into the prompt.

The most similar pairs become turns that the model has seen (Moslem et al. 2023, *Adaptive Machine Translation with
Large Language Models*); the glossary's terms are written into the source text, and into those of the examples, in
French (Song et al. 2019, *Code-Switching for Enhancing NMT with Pre-Specified Translation*).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from utils.applications.chrf import chrf
from utils.corpus import Passage
from utils.data.task_records import GlossaryTerm, TranslationPair
from utils.models import Embedder, Generator, Message
from utils.rag.prompts import replace_control_characters
from utils.retrieval import HybridRetriever, RerankingRetriever

SYSTEM = "You are a translator. Translate from English to French."
EXAMPLES = 4
COPY_FROM = 0.3  # the best of twelve thresholds on the development texts
TRANSLATION_TOKENS = 44

PLACEHOLDER = re.compile(r"`[^`]*`|%\d+|%\(\w+\)[sdif]|%[sdif]\b|%%|\{\w*\}|\$\{?\w+\}?")


class Match(NamedTuple):
    """An entry of the memory, and how similar its English is to the text that was looked up: chrF, 0 … 1."""

    pair: TranslationPair
    score: float


@dataclass(frozen=True)
class Translation:
    """A translation, the entries that the model was shown, best first, the terms that were found, and the prompt."""

    text: str
    matches: list[Match]
    terms: list[GlossaryTerm]
    prompt: list[Message]


class FuzzyMatch:
    """A reranker: how similar texts are by chrF, which sees a changed word or ending where an embedder sees little."""

    def score(self, query: str, texts: list[str]) -> list[float]:
        """Return the chrF of each text against the query, 0 … 1."""
        return [chrf(text, query) for text in texts]


class TranslationMemory:
    """Translated pairs that are found by their English: hybrid search, then the fuzzy match."""

    def __init__(self, pairs: Sequence[TranslationPair], embedder: Embedder) -> None:
        """Index pairs. Raises ValueError for none, duplicate ids, or an English text that the embedder cannot read."""
        self.pairs = {pair.item_id: pair for pair in pairs}
        passages = [Passage(pair.item_id, pair.group, "", pair.en) for pair in pairs]
        self.retriever = RerankingRetriever(HybridRetriever.from_passages(passages, embedder), FuzzyMatch())

    def search(self, texts: list[str], k: int) -> list[list[Match]]:
        """Return for each English text its k most similar entries, best first. Raises ValueError for an empty text."""
        found = self.retriever.search(texts, k)
        return [[Match(self.pairs[hit.passage.id], hit.score) for hit in hits] for hits in found]


def nearest_entry(memory: TranslationMemory, text: str) -> Match:
    """Return the entry of the memory whose English is most similar: its French is a translation without any model."""
    return memory.search([text], 1)[0][0]


def copy_if_near(match: Match, translation: str, *, copy_from: float = COPY_FROM) -> str:
    """Return the French of an entry that is at least so similar, 0 … 1, and otherwise the translation."""
    return match.pair.fr if match.score >= copy_from else translation


def term_pattern(terms: Sequence[GlossaryTerm]) -> re.Pattern[str]:
    """Return a pattern for the English terms as whole words, singular or plural, the longest first.

    Without any terms it matches nothing.
    """
    longest_first = sorted((re.escape(term.en) for term in terms), key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(longest_first) or '(?!)'})(?:e?s)?(?!\w)", re.IGNORECASE)


def find_terms(text: str, glossary: Sequence[GlossaryTerm]) -> list[GlossaryTerm]:
    """Return the terms of a glossary that stand in an English text, in their order there, each once."""
    by_name = {term.en.lower(): term for term in glossary}
    names = [match[1].lower() for match in term_pattern(glossary).finditer(text)]
    return [by_name[name] for name in dict.fromkeys(names)]


def insert_terms(text: str, glossary: Sequence[GlossaryTerm]) -> str:
    """Return an English text with each term of a glossary in it replaced by its French."""
    french = {term.en.lower(): term.fr for term in glossary}
    return term_pattern(glossary).sub(lambda match: french[match[1].lower()], text)


def term_accuracy(text: str, terms: Sequence[GlossaryTerm]) -> float:
    """Return the share of terms of which an accepted French form stands in a text as whole words, 0 … 1.

    Raises ValueError for no terms.
    """
    if not terms:
        raise ValueError("There are no terms: term accuracy is defined for texts with terms of the glossary only.")
    return sum(has_term(text, term) for term in terms) / len(terms)


def has_term(text: str, term: GlossaryTerm) -> bool:
    """Tell whether an accepted French form of a term stands in a text as whole words, in any case."""
    forms = "|".join(map(re.escape, term.accepted))
    return re.search(rf"(?<!\w)(?:{forms})(?!\w)", text, re.IGNORECASE) is not None


def keeps_placeholders(source: str, translation: str) -> bool:
    """Tell whether a translation has the placeholders of its source (%1, {name}, `code`), each as often."""
    return Counter(PLACEHOLDER.findall(source)) == Counter(PLACEHOLDER.findall(translation))


def translation_messages(
    text: str, examples: Sequence[TranslationPair], glossary: Sequence[GlossaryTerm]
) -> list[Message]:
    """Return the conversation that asks for a translation after examples, given best first and shown best last.

    Every English text has its terms in French. Control characters become spaces; chat-template tokens are made
    harmless where the conversation becomes a prompt, in `models.render`.
    """
    messages: list[Message] = [{"role": "system", "content": SYSTEM}]
    for example in reversed(examples):
        messages.append({"role": "user", "content": insert_terms(replace_control_characters(example.en), glossary)})
        messages.append({"role": "assistant", "content": replace_control_characters(example.fr)})
    messages.append({"role": "user", "content": insert_terms(replace_control_characters(text), glossary)})
    return messages


class Translator:
    """Translates with at most k entries of a memory as examples, and with a glossary, which may be empty."""

    def __init__(
        self,
        generator: Generator,
        memory: TranslationMemory,
        glossary: Sequence[GlossaryTerm] = (),
        *,
        k: int = EXAMPLES,
        max_new_tokens: int = TRANSLATION_TOKENS,
    ) -> None:
        self.generator = generator
        self.memory = memory
        self.glossary = glossary
        self.k = k
        self.max_new_tokens = max_new_tokens

    def translate(self, texts: list[str]) -> list[Translation]:
        """Return one translation for each text: the first line of the model's reply.

        Raises ValueError for an empty text, and for one that is too long for the context; a text is never cut.
        """
        texts = [replace_control_characters(text) for text in texts]
        found = self.memory.search(texts, self.k)
        shown = [self.pack(text, matches) for text, matches in zip(texts, found, strict=True)]
        prompts = [self.build_prompt(text, matches) for text, matches in zip(texts, shown, strict=True)]
        replies = self.generator.generate(prompts, max_new_tokens=self.max_new_tokens)
        return [
            Translation(first_line(reply), matches, find_terms(text, self.glossary), prompt)
            for text, matches, prompt, reply in zip(texts, shown, prompts, replies, strict=True)
        ]

    def pack(self, text: str, matches: list[Match]) -> list[Match]:
        """Return the matches that fit into the context beside a text and its translation, the best ones first.

        Raises ValueError for a text that is too long even without any.
        """
        for number in range(len(matches), -1, -1):
            prompt = self.build_prompt(text, matches[:number])
            if self.generator.count_prompt_tokens(prompt) + self.max_new_tokens <= self.generator.context_tokens:
                return matches[:number]
        raise ValueError(f"The text that begins {text[:40]!r} is too long for the context: translate it in parts.")

    def build_prompt(self, text: str, matches: list[Match]) -> list[Message]:
        """Return the conversation for one text and the entries that are shown with it."""
        return translation_messages(text, [match.pair for match in matches], self.glossary)


def first_line(reply: str) -> str:
    """Return the first line of a reply, for a small model goes on with texts of its own."""
    return reply.strip().partition("\n")[0].strip()
