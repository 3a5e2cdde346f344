"""Document review: for each clause of a checklist the sentence that is it, or the verdict that it is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.applications.quotes import quotable_sentences
from utils.data.task_records import ChecklistClause, ReviewText
from utils.metrics import Interval, percentile_interval, resampled_sums
from utils.models import Embedder
from utils.retrieval import LateInteractionReranker

SHARPNESS = 10  # of the weights by which precedents vote; from 10, 15, 20 and 30


@dataclass(frozen=True)
class Candidate:
    """The sentence of a text that fits a clause best, and how well: resemblance to precedents plus MaxSim, −1 … 2."""

    clause: ChecklistClause
    sentence: str
    score: float


class Precedents:
    """Sentences of texts that were reviewed before, each with the clauses that it was found to be."""

    def __init__(self, texts: list[ReviewText], embedder: Embedder) -> None:
        sentences = [(text, sentence) for text in texts for sentence in quotable_sentences(text.text)]
        if not sentences:
            raise ValueError("There are no reviewed texts: give at least one.")
        self.vectors = embedder.embed([sentence for _, sentence in sentences])
        self.text_ids = np.array([text.item_id for text, _ in sentences])
        self.kinds = np.array([text.kind for text, _ in sentences])
        self.clauses = [clauses_of(text, sentence) for text, sentence in sentences]

    def resemblance(self, vectors: np.ndarray, clause: ChecklistClause, *, without: str = "") -> np.ndarray:
        """Return for sentences, shape (n, dimensions), how much more they resemble this clause than others, 0 … 1.

        It is 0.5 for one that resembles both alike, and for all without a precedent of the clause. The text with the id
        `without` has no vote, so that a text which is among the precedents can be reviewed fairly.
        """
        voting = (self.kinds == clause.kind) & (self.text_ids != without)
        same = voting & np.array([clause.clause in clauses for clauses in self.clauses])
        other = voting & ~same
        if not same.any() or not other.any():
            return np.full(len(vectors), 0.5)
        weights = np.exp(SHARPNESS * vectors @ self.vectors.T)
        like, unlike = weights[:, same].mean(axis=1), weights[:, other].mean(axis=1)
        return like / (like + unlike)


def clauses_of(text: ReviewText, sentence: str) -> set[str]:
    """Return the clauses of a reviewed text that a sentence of it is."""
    return {j.clause for j in text.clauses if j.sentence and (j.sentence in sentence or sentence in j.sentence)}


class Reviewer:
    """Reads a permit or contract sentence by sentence against a checklist."""

    def __init__(self, precedents: Precedents, embedder: Embedder) -> None:
        self.precedents = precedents
        self.embedder = embedder
        self.reranker = LateInteractionReranker(embedder)

    def candidates(self, text: str, checklist: list[ChecklistClause], *, text_id: str = "") -> list[Candidate]:
        """Return for each clause the sentence that fits best; precedents from the text `text_id` itself do not count.

        Raises ValueError for a text without any sentence.
        """
        sentences = quotable_sentences(text)
        if not sentences:
            raise ValueError("The text has no sentence: give a text that can be reviewed.")
        vectors = self.embedder.embed(sentences)
        found = []
        for clause in checklist:
            asked = np.array(self.reranker.score(clause.question, sentences))
            scores = asked + self.precedents.resemblance(vectors, clause, without=text_id)
            best = int(scores.argmax())
            found.append(Candidate(clause, sentences[best], float(scores[best])))
        return found


def best_threshold(scores: Sequence[float], missing: Sequence[bool]) -> float:
    """Return the score below which calling a clause missing gives the best F1; the lowest such score among equals.

    Raises ValueError if no clause is missing, as F1 then has no meaning, or if the lengths differ.
    """
    if len(scores) != len(missing) or not any(missing):
        raise ValueError("Give one score for each clause, and at least one clause that is missing.")
    values, truth = np.asarray(scores), np.asarray(missing, dtype=bool)
    thresholds = np.unique(values)
    f1 = [2 * (truth & (values < t)).sum() / (truth.sum() + (values < t).sum()) for t in thresholds]
    return float(thresholds[int(np.argmax(f1))])


def missing_list_scores(
    said: Sequence[bool], missing: Sequence[bool], documents: Sequence[str], *, seed: int = 0
) -> dict[str, Interval]:
    """Return precision, recall and F1 of a list of missing clauses, with 95 % bootstrap intervals over documents.

    Counts are added over all documents first. A list that names nothing has precision 0. Raises ValueError for lengths
    that differ or no clause at all.
    """
    if not len(said) == len(missing) == len(documents) or not len(said):
        raise ValueError("Give one verdict, one truth and one document for each clause, and at least one clause.")
    named, truth = np.asarray(said, dtype=bool), np.asarray(missing, dtype=bool)
    right, claimed, wanted = resampled_sums([named & truth, named, truth], documents, seed=seed)
    shares = {"precision": (right, claimed), "recall": (right, wanted), "F1": (2 * right, claimed + wanted)}
    return {name: percentile_interval(above / np.maximum(below, 1)) for name, (above, below) in shares.items()}
