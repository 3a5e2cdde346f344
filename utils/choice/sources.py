"""The course's own figures that notebook 08 shows: for each a key, a label, and the scores that it is made from.

The figures themselves stand nowhere here: `utils.choice.measured` works them out from the results files.
"""

from dataclasses import dataclass

MISSED = "missed"  # 1 − containment: a wrong answer or none


@dataclass(frozen=True)
class Score:
    """Where one arm's scores are: results file, split, arm and measure."""

    file: str
    split: str
    arm: str
    measure: str = "containment"

    def __str__(self) -> str:
        return f"{self.arm} ({self.file}: {self.split}; {self.measure})"


@dataclass(frozen=True)
class Level:
    """The mean of one arm's scores."""

    label: str
    score: Score


@dataclass(frozen=True)
class Comparison:
    """The mean of `first` minus that of `second`, over the facts that all of them were asked for."""

    label: str
    first: tuple[Score, ...]
    second: tuple[Score, ...]

    def __str__(self) -> str:
        sides = (" and ".join(str(score) for score in side) for side in (self.first, self.second))
        return " minus ".join(sides)


def head_to_head(split: str, arm: str, measure: str = "containment") -> Score:
    """Return where an arm of the head-to-head is."""
    return Score("head_to_head", split, arm, measure)


def reading(split: str, arm: str, measure: str = "containment") -> Score:
    """Return where an arm of the reading experiments is."""
    return Score("reading", split, arm, measure)


def tuning(kind: str, variant: str, measure: str = "containment") -> Score:
    """Return where a training variant of notebook 05 is; `kind` is the kind of question."""
    return Score("tuning", kind, variant, measure)


TRAINED, NEW = "trained facts, trained wording", "trained facts, new wording"
NEVER = "never-trained facts, plain wording"
BASE, RAG, TUNED, BOTH = "base", "base + RAG", "questions adapter", "questions adapter + RAG"
READER, GOLD = "reader adapter + RAG", "base + gold passage"
NEAR_MISSES, ORIGINAL, ALTERED = "test: near misses", "dev: original answer", "dev: altered answer"
PLACES = "dev: position of the gold passage"
NEW_WORDING, GENERAL = "new wording", "general knowledge"
STANDARD, ONE_WORDING = "standard-rank-16-all-linear", "wordings-1"
TEXT, ALL_WEIGHTS = "kind-the-documents-text", "kind-all-weights"

LEVELS = {
    "base_alone": Level("base model alone, facts never trained", head_to_head(NEVER, BASE)),
    "rag_never_trained": Level("base + RAG, facts never trained", head_to_head(NEVER, RAG)),
    "reader_never_trained": Level("reader + RAG, facts never trained", head_to_head(NEVER, READER)),
    "rag_exact": Level("base + RAG, reply is the answer and nothing else", head_to_head(NEVER, RAG, "em")),
    "reader_exact": Level("reader + RAG, reply is the answer and nothing else", head_to_head(NEVER, READER, "em")),
    "tuned_trained_wording": Level("questions adapter, trained wording", head_to_head(TRAINED, TUNED)),
    "tuned_new_wording": Level("questions adapter, new wording", head_to_head(NEW, TUNED)),
    "tuned_never_trained": Level("questions adapter, facts never trained", head_to_head(NEVER, TUNED)),
    "tuned_exact": Level(
        "questions adapter, trained wording, reply is the answer and nothing else", head_to_head(TRAINED, TUNED, "em")
    ),
    "altered_followed": Level("reply gives the altered passage's answer", reading(ALTERED, "altered passage")),
    "general_before": Level("general knowledge, base model", tuning(GENERAL, "base")),
    "general_after": Level("general knowledge, after ten passes over other facts", tuning(GENERAL, STANDARD)),
    "near_misses_declined": Level(
        "base + RAG, not invited to decline, declines a question without answer", reading(NEAR_MISSES, RAG)
    ),
}


def pair(label: str, first: Score, second: Score) -> Comparison:
    """Return the comparison of two arms."""
    return Comparison(label, (first,), (second,))


DIFFERENCES = {
    "rag_over_base": pair(
        "base + RAG − base, facts never trained", head_to_head(NEVER, RAG), head_to_head(NEVER, BASE)
    ),
    "tuned_over_base": pair("questions adapter − base, new wording", head_to_head(NEW, TUNED), head_to_head(NEW, BASE)),
    "rag_over_tuned": pair(
        "base + RAG − questions adapter, new wording", head_to_head(NEW, RAG), head_to_head(NEW, TUNED)
    ),
    "rag_over_tuned_never_trained": pair(
        "base + RAG − questions adapter, facts never trained", head_to_head(NEVER, RAG), head_to_head(NEVER, TUNED)
    ),
    "both_over_rag": pair(
        "questions adapter + RAG − base + RAG, new wording", head_to_head(NEW, BOTH), head_to_head(NEW, RAG)
    ),
    "both_over_tuned": pair(
        "questions adapter with RAG − without, new wording", head_to_head(NEW, BOTH), head_to_head(NEW, TUNED)
    ),
    "reading_after_tuning": pair(
        "questions adapter + RAG − base + RAG, facts never trained", head_to_head(NEVER, BOTH), head_to_head(NEVER, RAG)
    ),
    "reader_over_base": pair(
        "reader + RAG − base + RAG, facts never trained", head_to_head(NEVER, READER), head_to_head(NEVER, RAG)
    ),
    "gold_over_retrieved": pair(
        "gold − retrieved passage, base model, facts never trained", head_to_head(NEVER, GOLD), head_to_head(NEVER, RAG)
    ),
    "missed_over_answered_with_gold": pair(
        "missed − answered with the gold passage, base model, facts never trained",
        head_to_head(NEVER, GOLD, MISSED),
        head_to_head(NEVER, GOLD),
    ),
    "memory_over_access": pair(
        "trained − new wording, questions adapter", head_to_head(TRAINED, TUNED), head_to_head(NEW, TUNED)
    ),
    "ends_over_middle": Comparison(
        "gold passage first or last − between, base model",
        tuple(reading(PLACES, f"gold in place {place}") for place in (1, 5)),
        tuple(reading(PLACES, f"gold in place {place}") for place in (2, 3, 4)),
    ),
    "altered_over_original": pair(
        "altered − original answer, altered passage shown",
        reading(ALTERED, "altered passage"),
        reading(ORIGINAL, "altered passage"),
    ),
    "gold_over_random": pair(
        "gold − random passage, base model", reading(ORIGINAL, "gold passage"), reading(ORIGINAL, "random passage")
    ),
    "missed_with_random_over_none": pair(
        "missed with a random passage − with none, base model",
        reading(ORIGINAL, "random passage", MISSED),
        reading(ORIGINAL, "no passage", MISSED),
    ),
    "ten_wordings_over_one": pair(
        "ten − one wording in training, equal steps, new wording",
        tuning(NEW_WORDING, STANDARD),
        tuning(NEW_WORDING, ONE_WORDING),
    ),
    "questions_over_text": pair(
        "taught by questions − by the documents' text, new wording",
        tuning(NEW_WORDING, STANDARD),
        tuning(NEW_WORDING, TEXT),
    ),
    "all_layers_over_attention": pair(
        "adapter on all linear layers − on attention only, new wording",
        tuning(NEW_WORDING, STANDARD),
        tuning(NEW_WORDING, "rank-16-attention-only"),
    ),
    "forgotten": pair(
        "general knowledge before − after training on new facts", tuning(GENERAL, "base"), tuning(GENERAL, STANDARD)
    ),
    "adapter_forgets_less": pair(
        "general knowledge kept, adapter − all weights", tuning(GENERAL, STANDARD), tuning(GENERAL, ALL_WEIGHTS)
    ),
}
SKILLS = {
    f"{kind}_adapter": kind for kind in ("triage", "sentiment", "entities", "summaries", "translation", "dialogue")
}
KEYS = frozenset({*LEVELS, *DIFFERENCES, *SKILLS})
