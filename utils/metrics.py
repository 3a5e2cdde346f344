"""Measures of answers and rankings, and the statistics that say how sure we are: pure functions of plain values."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

ARTICLE = re.compile(r"(?<![\w-])(?:[Tt]he|[Aa]n|a|A(?= [a-z]))(?![\w-])")
TOKEN = re.compile(r"(?:(?<!\w)-(?=\d))?\w+(?:[-.:/']\w+)*|[°%]\w?")
RESAMPLES = 2000


class Interval(NamedTuple):
    """An estimate and its 95 % confidence interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.estimate:.0f} % [{100 * self.low:.0f}, {100 * self.high:.0f}]"

    def as_points(self) -> str:
        """Return a difference of shares in percentage points, with its sign."""
        return f"{points(self.estimate)} points [{points(self.low)}, {points(self.high)}]"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, whole ones, so that none but zero itself is shown as zero."""
    value = 100 * difference
    if value == 0:
        return "0"
    return format(value, "+.1g" if abs(value) < 0.5 else "+.0f").replace("-", "−")


def normalize(text: str) -> str:
    """Return a text in the form in which answers are compared: tokens in lower case with one space between them.

    This is SQuAD's normalisation (no case, punctuation or articles; Rajpurkar et al. 2016), except that signs, decimal
    points and marks inside codes and times stay: −40 is not 40, 3.5 is not 35, V-19 is not V19. Units written onto a
    number are set apart only for ° and %. A capital A that does not begin a phrase is a letter, not an article.
    """
    text = text.replace("−", "-").replace("–", "-").replace("’", "'")
    text = ARTICLE.sub(" ", text.replace("'s ", " ")).lower()
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(?<=\d)(?=[°%])", " ", text)
    return " ".join(TOKEN.findall(text))


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """Return 1.0 if the prediction is one of the answers after normalisation, else 0.0."""
    return float(normalize(prediction) in {normalize(answer) for answer in answers})


def contains_answer(text: str, answers: Sequence[str]) -> bool:
    """Tell whether one of the answers stands in a text, as whole tokens and after normalisation."""
    padded = f" {normalize(text)} "
    return any(f" {normalize(answer)} " in padded for answer in answers if normalize(answer))


def containment(prediction: str, answers: Sequence[str]) -> float:
    """Return 1.0 if the prediction contains one of the answers as whole tokens, else 0.0."""
    return float(contains_answer(prediction, answers))


def token_f1(prediction: str, answers: Sequence[str]) -> float:
    """Return the best F1 between the tokens of the prediction and those of an answer (Rajpurkar et al. 2016)."""
    return max(pair_f1(normalize(prediction).split(), normalize(answer).split()) for answer in answers)


def pair_f1(prediction: list[str], answer: list[str]) -> float:
    """Return the harmonic mean of token precision and token recall; two empty lists agree fully."""
    if not prediction or not answer:
        return float(prediction == answer)
    common = sum((Counter(prediction) & Counter(answer)).values())
    return 2 * common / (len(prediction) + len(answer))


def recall_at_k(ranking: Sequence[str], relevant: set[str], k: int) -> float:
    """Return the share of the relevant ids that stand among the first k of a ranking."""
    check_relevant(relevant)
    return len(set(ranking[:k]) & relevant) / len(relevant)


def reciprocal_rank(ranking: Sequence[str], relevant: set[str]) -> float:
    """Return 1 / rank of the first relevant id, or 0.0 if there is none. The mean over questions is MRR."""
    check_relevant(relevant)
    return next((1 / rank for rank, found in enumerate(ranking, start=1) if found in relevant), 0.0)


def ndcg_at_k(ranking: Sequence[str], relevant: set[str], k: int = 10) -> float:
    """Return the normalised discounted cumulative gain for relevance 0 or 1 (Järvelin & Kekäläinen 2002)."""
    check_relevant(relevant)
    gain = sum(1 / np.log2(rank + 1) for rank, found in enumerate(ranking[:k], start=1) if found in relevant)
    best = sum(1 / np.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return float(gain / best)


def check_relevant(relevant: set[str]) -> None:
    """Raise ValueError when nothing is relevant: the measure is then undefined."""
    if not relevant:
        raise ValueError("relevant is empty: a ranking can only be judged for a question that has relevant passages.")


def bootstrap_interval(scores: Sequence[float], clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """Return the mean of scores with a 95 % percentile bootstrap interval that resamples whole clusters.

    Scores of one cluster (the facts of one document, say) are not independent, so documents are drawn, not questions.
    Raises ValueError for no scores, a score that is not finite, or lengths that differ.
    """
    values = check_scores(scores, clusters)
    sums, sizes = resampled_sums([values, np.ones(len(values))], clusters, seed=seed)
    return percentile_interval(sums / sizes)


def resampled_sums(columns: Sequence[Sequence[float]], clusters: Sequence[str], *, seed: int = 0) -> np.ndarray:
    """Return the sum of each column of per-item values, shape (columns, 1 + RESAMPLES).

    The first sum is that of all items; the others are those of draws of as many whole clusters with replacement.
    """
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    of_clusters = [np.bincount(index, weights=np.asarray(column, dtype=float)) for column in columns]
    return np.stack([np.append(sums.sum(), draws @ sums) for sums in of_clusters])


def percentile_interval(values: np.ndarray) -> Interval:
    """Return the first value, that of the sample, with the middle 95 % of the others, those of its resamples."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Interval(float(values[0]), float(low), float(high))


def paired_difference(
    scores: Sequence[float], baseline: Sequence[float], clusters: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return the mean of scores − baseline over the same items, with an interval as in `bootstrap_interval`."""
    first, second = check_scores(scores, clusters), check_scores(baseline, clusters)
    return bootstrap_interval((first - second).tolist(), clusters, seed=seed)


def check_scores(scores: Sequence[float], clusters: Sequence[str]) -> np.ndarray:
    """Return scores as a float array; raise ValueError for none, a non-finite one, or not one cluster for each."""
    values = np.asarray(scores, dtype=float)
    if values.size == 0:
        raise ValueError("There are no scores: an empty experiment has no mean.")
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} scores but {len(clusters)} clusters: give one cluster for each score.")
    if not np.isfinite(values).all():
        raise ValueError(f"Score number {int(np.flatnonzero(~np.isfinite(values))[0])} is not a finite number.")
    return values


def mcnemar_exact(correct: Sequence[float], baseline: Sequence[float]) -> float:
    """Return the two-sided p value of McNemar's exact test for two systems' 0/1 scores on the same items."""
    if len(correct) != len(baseline):
        raise ValueError(f"{len(correct)} and {len(baseline)} scores: both systems must answer the same items.")
    gained = sum(a > b for a, b in zip(correct, baseline, strict=True))
    lost = sum(a < b for a, b in zip(correct, baseline, strict=True))
    return 1.0 if gained + lost == 0 else float(binomtest(gained, gained + lost, 0.5).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for the number of tests made, in the given order (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return adjusted


def citation_scores(cited_ids: Sequence[str], relevant_ids: set[str]) -> tuple[float | None, float]:
    """Return the precision and recall of one answer's citations against the passages that hold the evidence.

    An answer that cites nothing has no precision (None): leave it out when averaging precision over answers, and give
    the number of answers that do cite beside the mean. Its recall is 0.0 and stays in the mean of recall over all
    answers, so that silence does not pay; nor does citing everything, which costs precision. A passage cited twice
    counts once. Raises ValueError when no passage is relevant: leave unanswerable questions out.
    """
    check_relevant(relevant_ids)
    cited = set(cited_ids)
    right = len(cited & relevant_ids)
    return (right / len(cited) if cited else None), right / len(relevant_ids)
