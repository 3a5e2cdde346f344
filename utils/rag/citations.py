"""Citations: which of the shown passages an answer rests on."""

from utils.metrics import normalize
from utils.retrieval import Hit

CITED_SHARE = 0.5  # the share of an answer's tokens that a passage must contain to be cited


def supported_share(text: str, hit: Hit) -> float:
    """Return the share of an answer's different tokens that stand in a hit's passage, 0 … 1; 0 for an empty answer."""
    tokens = set(normalize(text).split())
    if not tokens:
        return 0.0
    return len(tokens & set(normalize(hit.passage.titled_text).split())) / len(tokens)


def supporting_hits(text: str, hits: list[Hit]) -> list[Hit]:
    """Return the hits whose passages contain most of an answer's tokens: the best one and its equals.

    A passage that contains less than half of the tokens supports nothing, so the list may be empty.
    """
    shares = [supported_share(text, hit) for hit in hits]
    best = max(shares, default=0.0)
    return [hit for hit, share in zip(hits, shares, strict=True) if share == best >= CITED_SHARE]
