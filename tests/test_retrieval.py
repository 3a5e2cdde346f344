"""The retrievers, on passages small enough to know the right order."""

import numpy as np
import pytest

from utils.corpus import Passage
from utils.retrieval import DenseRetriever, Hit, HybridRetriever, LexicalRetriever, reciprocal_rank_fusion

TEXTS = {
    "ship": "The supply ship arrives in December.",
    "winch": "The Heron winch lifts 4.6 kN.",
    "bread": "Matthieu bakes rye bread on Fridays.",
    "valve": "Close valve V-19 before the storm.",
}
PASSAGES = [Passage(f"{name}#1", name, name.title(), text) for name, text in TEXTS.items()]


@pytest.fixture(scope="module", params=["dense", "lexical", "hybrid"])
def retriever(request, embedder):
    if request.param == "lexical":
        return LexicalRetriever.from_passages(PASSAGES)
    kind = DenseRetriever if request.param == "dense" else HybridRetriever
    return kind.from_passages(PASSAGES, embedder)


def test_the_right_passage_comes_first_for_each_of_several_queries(retriever):
    found = retriever.search(["Who bakes bread?", "When does the ship arrive?"], 2)
    assert [hits[0].passage.doc_id for hits in found] == ["bread", "ship"]
    assert all(len(hits) == 2 and hits[0].score >= hits[1].score for hits in found)


def test_k_beyond_the_corpus_gives_every_passage_once(retriever):
    hits = retriever.search(["valve"], 50)[0]
    assert sorted(hit.passage.id for hit in hits) == sorted(passage.id for passage in PASSAGES)


def test_dense_scores_are_cosines_of_the_vectors(embedder):
    dense = DenseRetriever.from_passages(PASSAGES, embedder)
    vectors = embedder.embed([passage.titled_text for passage in PASSAGES])
    expected = vectors @ embedder.embed(["a vessel with provisions"])[0]
    hits = dense.search(["a vessel with provisions"], 4)[0]
    assert hits[0].passage.doc_id == "ship"
    assert [hit.score for hit in hits] == pytest.approx(np.sort(expected)[::-1], abs=1e-5)


def test_lexical_scores_follow_the_formula():
    passages = [Passage(str(n), str(n), "", text) for n, text in enumerate(["red boat", "red red sledge", "blue tent"])]
    hits = LexicalRetriever.from_passages(passages).search(["sledge"], 3)[0]
    rarity = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    expected = rarity * 1 / (1 + 1.5 * (1 - 0.75 + 0.75 * 3 / (7 / 3)))
    assert hits[0].passage.id == "1"
    assert hits[0].score == pytest.approx(expected, rel=1e-5)
    assert [hit.score for hit in hits[1:]] == [0, 0]


def test_lexical_search_for_unknown_words_gives_zeros():
    hits = LexicalRetriever.from_passages(PASSAGES).search(["qwertz"], 2)[0]
    assert [hit.score for hit in hits] == [0, 0]


def test_reciprocal_rank_fusion_by_hand():
    a, b, c = (Hit(passage, 0.0) for passage in PASSAGES[:3])
    fused = reciprocal_rank_fusion([[a, b], [b, c]], 3)
    assert [hit.passage.id for hit in fused] == [b.passage.id, a.passage.id, c.passage.id]
    assert fused[0].score == pytest.approx(1 / 62 + 1 / 61)


@pytest.mark.parametrize(("queries", "k", "message"), [([" "], 3, "Query 0 is empty"), (["x"], 0, "k is 0")])
def test_bad_searches_are_refused(retriever, queries, k, message):
    with pytest.raises(ValueError, match=message):
        retriever.search(queries, k)


@pytest.mark.parametrize(("passages", "message"), [([], "no passages"), (PASSAGES[:1] * 2, "'ship#1' occurs more")])
def test_bad_corpora_are_refused(embedder, passages, message):
    for build in (LexicalRetriever.from_passages, lambda p: DenseRetriever.from_passages(p, embedder)):
        with pytest.raises(ValueError, match=message):
            build(passages)


def test_a_passage_longer_than_the_model_reads_is_refused(embedder):
    with pytest.raises(ValueError, match=r"'long#1' has \d+ tokens; the embedder reads 254"):
        DenseRetriever.from_passages([Passage("long#1", "long", "T", "ship " * 300)], embedder)
