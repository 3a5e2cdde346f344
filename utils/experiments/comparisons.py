"""Which differences between arms are real: the pairs that are compared, and the tests."""

import pandas as pd

from utils.experiments.results import ArmScores
from utils.metrics import holm, mcnemar_exact, paired_difference

# Fixed before any test question was asked; a pair is left out only where one of its arms was not run.
PAIRS = (
    ("questions adapter", "base"),
    ("base + RAG", "questions adapter"),
    ("reader adapter + RAG", "base + RAG"),
    ("reader adapter + RAG", "questions adapter"),
    ("questions adapter + RAG", "base + RAG"),
)
SIGNIFICANT = 0.05


def compare_pairs(arms: list[ArmScores], measure: str = "containment") -> pd.DataFrame:
    """Return one row for each pair of arms: the mean difference with its 95 % interval over documents, and its p value.

    The p value is that of McNemar's exact test, corrected for the number of pairs (Holm 1979). Raises ValueError unless
    all arms answered the same items, one wording for each fact.
    """
    items = arms[0].items
    if any(arm.items != items for arm in arms):
        raise ValueError("The arms did not answer the same items: only the same questions can be compared.")
    if len({item.fact_id for item in items}) < len(items):
        raise ValueError("A fact is asked more than once: its wordings are not independent. Keep one for each fact.")
    scores = {arm.arm: arm.scores[measure] for arm in arms}
    pairs = [(first, second) for first, second in PAIRS if first in scores and second in scores]
    clusters = [item.doc_id for item in items]
    differences = [paired_difference(scores[first], scores[second], clusters) for first, second in pairs]
    p_values = holm([mcnemar_exact(scores[first], scores[second]) for first, second in pairs])
    rows = [
        {
            "pair": f"{first} − {second}",
            "points": difference.as_points(),
            "p (Holm)": f"{p:.4f}" if p >= 0.0001 else "< 0.0001",
            "real?": "yes" if p < SIGNIFICANT else "cannot tell",
        }
        for (first, second), difference, p in zip(pairs, differences, p_values, strict=True)
    ]
    return pd.DataFrame(rows).set_index("pair")
