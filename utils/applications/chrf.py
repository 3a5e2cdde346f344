"""chrF: how similar two texts are by their character n-grams (Popović 2015), which forgives a wrong ending."""

from collections.abc import Sequence

from sacrebleu.metrics import CHRF

METRIC = CHRF()  # F2 of character 1- to 6-grams without white space


def chrf(text: str, reference: str) -> float:
    """Return chrF of a text against a reference, 0 … 1."""
    return METRIC.sentence_score(text, [reference]).score / 100


def corpus_chrf(texts: Sequence[str], references: Sequence[str]) -> float:
    """Return chrF, 0 … 1, with the n-grams counted over all texts. Raises ValueError when the lengths differ."""
    if len(texts) != len(references):
        raise ValueError(f"{len(texts)} texts but {len(references)} references: give one for each.")
    return METRIC.corpus_score(list(texts), [list(references)]).score / 100
