"""Quoting: the sentences of found passages, word for word, and which of them fit a question best."""

import re
from dataclasses import dataclass

from utils.corpus import Passage, split_sentences
from utils.retrieval import Hit, Reranker, Retriever
from utils.retrieval.hits import Filter

# What stands before a sentence without being part of it: a list mark, a number, a run-in heading in bold.
MARK = re.compile(r"^(?:[-*–•]\s+|\(\w{1,2}\)\s+|\d+[.)]\s+)?(?:\**[^*.:|]{1,40}[.:]?\*\*:?\s+)?(?:\(\w{1,2}\)\s+)?")


@dataclass(frozen=True)
class Quote:
    """A sentence as it stands in a passage, and its score for the question that it was found for (higher is better)."""

    text: str
    passage: Passage
    score: float

    @property
    def cited(self) -> str:
        """The sentence in quotation marks with the id of its document."""
        return f"“{self.text}” [{self.passage.doc_id}]"


def quotable_sentences(text: str) -> list[str]:
    """Return the sentences, list items and table rows of a text, verbatim, without list marks and headings."""
    sentences = [sentence.strip() for sentence in split_sentences(text) if not sentence.startswith("#")]
    return [kept for sentence in sentences if (kept := MARK.sub("", sentence))]


def in_section(section: str) -> Filter:
    """Return the filter that lets a search see the passages of one section of the handbook only."""
    return lambda passage: passage.section == section


def search_quotes(
    questions: list[str], retriever: Retriever, reranker: Reranker, *, k: int, where: Filter, most: int
) -> list[list[Quote]]:
    """Return for each question at most `most` sentences of its k best passages that `where` lets through, best first.

    A question for which nothing was found has none. Raises ValueError as `search` and `find_quotes` do.
    """
    found = retriever.search(questions, k, where=where)
    return [find_quotes(question, hits, reranker, most) for question, hits in zip(questions, found, strict=True)]


def find_quotes(question: str, hits: list[Hit], reranker: Reranker, most: int) -> list[Quote]:
    """Return at most `most` sentences of the hits' passages, best first; a sentence found twice is quoted once.

    A sentence scores the reranker's score plus that of its passage, which stands for the sentences around it. Raises
    ValueError for `most` below 1.
    """
    if most < 1:
        raise ValueError(f"most is {most}; ask for at least one quote.")
    found = {sentence: hit for hit in reversed(hits) for sentence in quotable_sentences(hit.passage.text)}
    if not found:
        return []
    scores = reranker.score(question, list(found))
    quotes = [
        Quote(text, hit.passage, score + hit.score) for (text, hit), score in zip(found.items(), scores, strict=True)
    ]
    return sorted(quotes, key=lambda quote: quote.score, reverse=True)[:most]
