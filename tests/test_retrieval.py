"""The retrievers, on passages small enough to know the right order, and on vectors that numpy can sort."""

import re
from dataclasses import replace
from functools import cache
from zlib import crc32

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.corpus import Passage, load_documents, split_into_passages
from utils.data import HANDBOOK_FOLDER
from utils.models import load_embedder
from utils.retrieval import (
    DenseRetriever,
    Hit,
    HybridRetriever,
    LateInteractionReranker,
    LexicalRetriever,
    RerankingRetriever,
    course_retriever,
    load_cross_encoder,
    reciprocal_rank_fusion,
    update,
)
from utils.retrieval.lexical import best_rows, build_index
from utils.retrieval.rerank import max_similarity

TEXTS = {
    "ship": "The supply ship arrives in December.",
    "winch": "The Heron winch lifts 4.6 kN.",
    "bread": "Matthieu bakes rye bread on Fridays.",
    "valve": "Close valve V-19 before the storm.",
}
PASSAGES = [Passage(f"{name}#1", name, name.title(), text) for name, text in TEXTS.items()]
KINDS = ["exact", "hnsw", "ivfpq"]


class StubEmbedder:
    """Adds up one random vector for each word, so that texts are as alike as the words that they share."""

    name = "stub"
    dimensions = 96
    max_tokens = 20

    def count_many(self, texts):
        return [len(text.split()) for text in texts]

    def embed(self, texts):
        vectors = np.array([sum(map(word_vector, text.split())) for text in texts], dtype=np.float32)
        vectors = vectors.reshape(len(texts), self.dimensions)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@cache
def word_vector(word: str) -> np.ndarray:
    return np.random.default_rng(crc32(word.encode())).standard_normal(StubEmbedder.dimensions)


STUB = StubEmbedder()
BUILDERS = {
    "dense": lambda passages: DenseRetriever.from_passages(passages, STUB),
    "lexical": LexicalRetriever.from_passages,
    "hybrid": lambda passages: HybridRetriever.from_passages(passages, STUB),
}


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.id for hit in hits]


def numbered(texts: list[str]) -> list[Passage]:
    """Return one passage for each text, each of a document of its own and without a title."""
    return [Passage(f"{number}#1", str(number), "", text) for number, text in enumerate(texts)]


def assert_same_hits(found: list[list[Hit]], expected: list[list[Hit]]) -> None:
    assert [ids(hits) for hits in found] == [ids(hits) for hits in expected]
    for some, others in zip(found, expected, strict=True):
        assert [hit.score for hit in some] == pytest.approx([hit.score for hit in others], abs=1e-5)


@pytest.fixture(scope="module", params=["dense", "lexical", "hybrid"])
def retriever(request, embedder):
    if request.param == "lexical":
        return LexicalRetriever.from_passages(PASSAGES)
    kind = DenseRetriever if request.param == "dense" else HybridRetriever
    return kind.from_passages(PASSAGES, embedder)


@pytest.fixture(scope="module")
def precise_embedder():
    return load_embedder(dtype=torch.float32)


@pytest.fixture(params=BUILDERS)
def build(request):
    """What builds one of the three retrievers from passages, with the stub for an embedder."""
    return BUILDERS[request.param]


@pytest.fixture(scope="module")
def crowd() -> list[Passage]:
    """1,500 passages on 50 topics of 30 passages each; 12 of them are rare."""
    return [
        Passage(f"{n}#1", f"{n}", "", f"topic{n % 50} item{n}", section="rare" if n % 125 == 0 else "common")
        for n in range(1500)
    ]


@pytest.fixture(scope="module")
def crowd_indexes(crowd) -> dict[str, DenseRetriever]:
    vectors = STUB.embed([passage.text for passage in crowd])
    return {kind: DenseRetriever.from_vectors(crowd, vectors, STUB, kind=kind) for kind in KINDS}


@pytest.fixture(scope="module")
def queries() -> list[str]:
    return [f"topic{n} item{31 * n} item{17 * n}" for n in range(50)]


def nearest(passages: list[Passage], queries: list[str], k: int) -> list[list[str]]:
    """Return the ids of the k nearest passages of each query by numpy alone."""
    similarities = STUB.embed(queries) @ STUB.embed([passage.text for passage in passages]).T
    return [[passages[row].id for row in np.argsort(-row_of_query)[:k]] for row_of_query in similarities]


def recall(found: list[list[Hit]], expected: list[list[str]]) -> float:
    """Return the mean share of the expected ids that were found."""
    return np.mean([len(set(ids(hits)) & set(right)) / len(right) for hits, right in zip(found, expected, strict=True)])


def test_the_right_passage_comes_first_for_each_of_several_queries(retriever):
    found = retriever.search(["Who bakes bread?", "When does the ship arrive?"], 2)
    assert [hits[0].passage.doc_id for hits in found] == ["bread", "ship"]
    for hits in found:
        scores = [hit.score for hit in hits]
        assert len(hits) <= 2 and scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("name", BUILDERS)
def test_k_beyond_the_corpus_gives_every_passage_that_can_be_a_hit_once(name):
    hits = BUILDERS[name](PASSAGES).search(["valve storm bread"], 50)[0]
    assert sorted(ids(hits)) == (["bread#1", "valve#1"] if name == "lexical" else sorted(p.id for p in PASSAGES))


def test_dense_scores_are_cosines_of_the_vectors(embedder):
    dense = DenseRetriever.from_passages(PASSAGES, embedder)
    vectors = embedder.embed([passage.titled_text for passage in PASSAGES])
    expected = vectors @ embedder.embed(["a vessel with provisions"])[0]
    hits = dense.search(["a vessel with provisions"], 4)[0]
    assert hits[0].passage.doc_id == "ship"
    assert [hit.score for hit in hits] == pytest.approx(np.sort(expected)[::-1], abs=1e-5)


def test_lexical_scores_follow_the_formula():
    passages = numbered(["red boat", "red red sledge", "blue tent"])
    hits = LexicalRetriever.from_passages(passages).search(["sledge"], 3)[0]
    rarity = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    expected = rarity * 1 / (1 + 1.5 * (1 - 0.75 + 0.75 * 3 / (7 / 3)))
    assert ids(hits) == ["1#1"]
    assert hits[0].score == pytest.approx(expected, rel=1e-5)


def test_lexical_hits_share_a_word_with_the_query():
    lexical = LexicalRetriever.from_passages(PASSAGES)
    found = lexical.search(["qwertz", "the", "When will the SHIP bake, qwertz?"], 4)
    assert [ids(hits) for hits in found] == [[], [], ["ship#1"]]
    assert found[2][0].score > 0


def test_lexical_ties_come_in_the_order_of_the_passages():
    lexical = LexicalRetriever.from_passages(numbered(["red boat", "blue tent", *["red sledge"] * 5]))
    assert ids(lexical.search(["sledge"], 3)[0]) == ["2#1", "3#1", "4#1"]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), max_size=30), st.integers(1, 35))
def test_best_rows_are_those_of_a_full_sort(scores, k):
    expected = sorted((row for row, score in enumerate(scores) if score > 0), key=lambda row: (-scores[row], row))[:k]
    assert best_rows(np.array(scores, dtype=np.float32), k).tolist() == expected


@pytest.mark.parametrize("texts", [["the", "of a"], ["😀", "…"], ["the", "", "ship"]])
def test_passages_without_a_single_word_can_be_indexed(texts):
    hits = LexicalRetriever.from_passages(numbered(texts)).search(["the ship 😀"], 3)[0]
    assert [hit.passage.text for hit in hits] == [text for text in texts if text == "ship"]


def test_reciprocal_rank_fusion_by_hand():
    a, b, c = (Hit(passage, 0.0) for passage in PASSAGES[:3])
    fused = reciprocal_rank_fusion([[a, b], [b, c]], 3, constant=60)
    assert ids(fused) == ids([b, a, c])
    assert fused[0].score == pytest.approx(1 / 62 + 1 / 61)


@pytest.mark.parametrize(
    ("queries", "k", "message"),
    [
        ([" "], 3, "Query 0 is empty"),
        (["why", "\ud800"], 3, "Query 1 has half"),
        ("why?", 3, "one string"),
        (["x"], 0, "k is 0"),
    ],
)
def test_bad_searches_are_refused(retriever, queries, k, message):
    for searched in (retriever, RerankingRetriever(retriever, LastFirst())):
        with pytest.raises(ValueError, match=message):
            searched.search(queries, k)


@pytest.mark.parametrize(("passages", "message"), [([], "no passages"), (PASSAGES[:1] * 2, "'ship#1' occurs more")])
def test_bad_corpora_are_refused(build, passages, message):
    with pytest.raises(ValueError, match=message):
        build(passages)


def test_a_passage_longer_than_the_model_reads_is_refused(embedder):
    with pytest.raises(ValueError, match=r"'long#1' has \d+ tokens; the embedder reads 254"):
        DenseRetriever.from_passages([Passage("long#1", "long", "T", "ship " * 300)], embedder)


def test_exact_search_is_that_of_numpy(crowd, crowd_indexes, queries):
    found = crowd_indexes["exact"].search(queries, 10)
    assert [ids(hits) for hits in found] == nearest(crowd, queries, 10)


@pytest.mark.parametrize(("kind", "least"), [("hnsw", 0.97), ("ivfpq", 0.8)])
def test_approximate_search_finds_most_of_the_nearest(kind, least, crowd, crowd_indexes, queries):
    assert recall(crowd_indexes[kind].search(queries, 10), nearest(crowd, queries, 10)) >= least


def test_unknown_kinds_and_too_few_passages_are_refused():
    with pytest.raises(ValueError, match=r"'lsh': use one of exact, hnsw, ivfpq"):
        DenseRetriever.from_passages(PASSAGES, STUB, kind="lsh")
    with pytest.raises(ValueError, match="4 passages are too few for 'ivfpq', which needs 256"):
        DenseRetriever.from_passages(PASSAGES, STUB, kind="ivfpq")


def test_ivfpq_refuses_dimensions_that_it_cannot_divide():
    class Odd(StubEmbedder):
        dimensions = 100

    with pytest.raises(ValueError, match="100 dimensions"):
        DenseRetriever.from_vectors(numbered(["x"] * 300), np.ones((300, 100), dtype=np.float32), Odd(), kind="ivfpq")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda vectors: vectors[:3], r"the shape \(3, 96\); expected \(4, 96\)"),
        (lambda vectors: vectors[:, :50], r"the shape \(4, 50\); expected \(4, 96\)"),
        (lambda vectors: vectors[0], r"the shape \(96,\); expected \(4, 96\)"),
        (lambda vectors: np.where(np.arange(4)[:, None] == 2, np.nan, vectors), "row 2 has a NaN"),
        (lambda vectors: np.where(np.arange(4)[:, None] >= 1, -np.inf, vectors), "row 1 has a NaN or infinite"),
    ],
)
def test_bad_vectors_are_refused(damage, message):
    vectors = STUB.embed([passage.text for passage in PASSAGES])
    with pytest.raises(ValueError, match=message):
        DenseRetriever.from_vectors(PASSAGES, damage(vectors), STUB)


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_works_before_the_best_are_chosen(kind, crowd, crowd_indexes, queries):
    allowed = [passage for passage in crowd if passage.section == "rare"]
    found = crowd_indexes[kind].search(queries, 10, where=lambda passage: passage.section == "rare")
    assert all(len(set(ids(hits))) == 10 for hits in found)
    assert all(hit.passage.section == "rare" for hits in found for hit in hits)
    expected = nearest(allowed, queries, 10)
    if kind == "exact":
        assert [ids(hits) for hits in found] == expected
    else:
        assert recall(found, expected) >= 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_may_leave_fewer_than_k_or_none(kind, crowd_indexes, queries):
    few = crowd_indexes[kind].search(queries[:2], 10, where=lambda passage: passage.doc_id in {"7", "8"})
    assert [sorted(ids(hits)) for hits in few] == [["7#1", "8#1"]] * 2
    assert crowd_indexes[kind].search(queries[:2], 10, where=lambda passage: False) == [[], []]


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_finds_every_passage_even_among_equals(kind):
    """Where many vectors are equal, a graph of neighbours falls into parts that cannot be walked between."""
    passages = numbered(["the same words"] * 1000)
    equals = DenseRetriever.from_passages(passages, STUB, kind=kind)
    found = equals.search(["words"], 3, where=lambda passage: passage.doc_id in {"1", "500", "999"})[0]
    assert sorted(ids(found)) == ["1#1", "500#1", "999#1"]


def test_a_filter_on_words_and_on_both(crowd):
    few = crowd[:300]

    def is_rare(passage):
        return passage.section == "rare"

    lexical = LexicalRetriever.from_passages(few).search(["topic0 topic25"], 10, where=is_rare)[0]
    assert ids(lexical) == ["0#1", "125#1", "250#1"]
    hybrid = HybridRetriever.from_passages(few, STUB)
    assert sorted(ids(hybrid.search(["topic1 item7"], 3, where=is_rare)[0])) == ["0#1", "125#1", "250#1"]
    assert hybrid.search(["topic1"], 3, where=lambda passage: False) == [[]]


def test_a_filter_may_answer_with_anything_that_is_true_or_false(build):
    found = build(PASSAGES).search(["winch valve ship"], 4, where=lambda passage: re.search("V-19|kN", passage.text))[0]
    assert sorted(ids(found)) == ["valve#1", "winch#1"]


def test_many_queries_give_what_each_gives_alone(build, crowd, queries):
    retriever = build(crowd[:300])
    together = retriever.search(queries, 7)
    assert_same_hits(together, [retriever.search([query], 7)[0] for query in queries])
    assert retriever.search([], 7) == []


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_many_queries_of_an_approximate_index_give_what_each_gives_alone(kind, crowd_indexes, queries):
    together = crowd_indexes[kind].search(queries, 7)
    assert_same_hits(together, [crowd_indexes[kind].search([query], 7)[0] for query in queries])


def test_k_may_be_a_number_of_numpy(build):
    assert_same_hits(build(PASSAGES).search(["valve"], np.int64(2)), build(PASSAGES).search(["valve"], 2))


WORDS = ["red", "blue", "boat", "tent", "sledge", "storm"]


def version(doc_id: str, number: int) -> list[Passage]:
    """Return the two passages of a version of a document; no two versions have the same text."""
    return [
        Passage(f"{doc_id}#{n}", doc_id, doc_id, f"{WORDS[number % 6]} {WORDS[number * n % 5]} {doc_id}{number}{n}")
        for n in (1, 2)
    ]


steps = st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from("abcd"), st.integers(0, 20)), max_size=8)


@pytest.mark.parametrize("name", BUILDERS)
@settings(max_examples=40, deadline=None)
@given(steps)
def test_a_changed_index_finds_what_a_new_one_finds(name, changes):
    index = BUILDERS[name](version("a", 1) + version("b", 2))
    remaining = {"a": version("a", 1), "b": version("b", 2)}
    for change, doc_id, number in changes:
        before = remaining.pop(doc_id, [])
        if change == "delete":
            assert index.delete({doc_id}) == len(before)
        else:
            remaining[doc_id] = version(doc_id, number)
            (update if before else type(index).add)(index, remaining[doc_id])
    passages = [passage for of_document in remaining.values() for passage in of_document]
    assert index.passages == passages
    queries = ["red boat", "storm over the tent", "a b c d"]
    expected = BUILDERS[name](passages).search(queries, 5) if passages else [[], [], []]
    assert_same_hits(index.search(queries, 5), expected)


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_approximate_indexes_can_change(kind, crowd):
    index = DenseRetriever.from_passages(crowd[:300], STUB, kind=kind)
    index.add(crowd[300:320])
    assert ids(index.search(["topic10 item310"], 1)[0]) == ["310#1"]
    assert index.delete({"310"}) == 1
    assert "310#1" not in ids(index.search(["topic10 item310"], 319)[0])
    assert len(index.search(["topic10"], 1000)[0]) == 319


def test_an_id_that_is_there_is_refused_and_nothing_changes(build):
    index = build(PASSAGES)
    before = index.search(["valve ship"], 4)
    with pytest.raises(ValueError, match="'ship#1' occurs more than once"):
        index.add([Passage("new#1", "new", "", "valve"), PASSAGES[0]])
    assert index.passages == PASSAGES
    assert index.search(["valve ship"], 4) == before


def test_a_refused_update_keeps_the_old_documents(build):
    index = build(PASSAGES)
    before = index.search(["valve ship"], 4)
    taken = [replace(PASSAGES[0], text="A new ship."), replace(PASSAGES[1], doc_id="ship")]  # an id of another document
    with pytest.raises(ValueError, match="'winch#1' occurs more than once"):
        update(index, taken)
    if not isinstance(index, LexicalRetriever):
        with pytest.raises(ValueError, match="'ship#1' has 31 tokens; the embedder reads 20"):
            update(index, [replace(PASSAGES[0], text="ship " * 30)])
    assert_same_hits(index.search(["valve ship"], 4), before)


@pytest.mark.parametrize("change", ["add", "delete"])
def test_an_interrupted_change_leaves_words_and_passages_in_step(change, monkeypatch):
    lexical = LexicalRetriever.from_passages(PASSAGES)
    before = lexical.search(["valve"], 4)

    def interrupted(passages):
        raise KeyboardInterrupt

    monkeypatch.setattr("utils.retrieval.lexical.build_index", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(lexical, change)(numbered(["a boat"]) if change == "add" else {"ship"})
    assert lexical.passages == PASSAGES
    assert lexical.search(["valve"], 4) == before


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupted_update_of_both_keeps_the_old_documents(at, monkeypatch):
    hybrid = HybridRetriever.from_passages(PASSAGES, STUB)
    calls = []

    def interrupted(passages):
        calls.append(passages)
        if len(calls) == at:
            raise KeyboardInterrupt
        return build_index(passages)

    monkeypatch.setattr("utils.retrieval.lexical.build_index", interrupted)
    with pytest.raises(KeyboardInterrupt):
        update(hybrid, [replace(PASSAGES[3], text="A new valve.")])
    assert hybrid.passages == PASSAGES
    assert sorted(ids(hybrid.dense.search(["valve"], 9)[0])) == sorted(passage.id for passage in PASSAGES)
    assert hybrid.search(["valve"], 1)[0][0].passage == PASSAGES[3]


def test_an_emptied_index_finds_nothing_and_can_be_filled_again(build):
    index = build(PASSAGES)
    assert index.delete(set(TEXTS)) == 4
    assert index.delete(set(TEXTS)) == 0
    assert index.passages == [] and index.search(["valve"], 3) == [[]]
    index.add(PASSAGES[2:])
    assert ids(index.search(["valve"], 1)[0]) == ["valve#1"]


def test_max_similarity_by_hand():
    query = np.array([[1, 0], [0, 1]], dtype=np.float32)
    text = np.array([[0.6, 0.8], [1, 0], [-1, 0]], dtype=np.float32)
    assert max_similarity(query, text) == pytest.approx((1 + 0.8) / 2)


def test_late_interaction_prefers_the_passage_that_answers(embedder):
    reranker = LateInteractionReranker(embedder)
    about, other, same = reranker.score("Who bakes bread?", [TEXTS["bread"], TEXTS["valve"], "Who bakes bread?"])
    assert other < about < same
    assert same == pytest.approx(1, abs=0.01)


def test_late_interaction_remembers_texts_without_changing_scores(precise_embedder, monkeypatch):
    monkeypatch.setattr("utils.retrieval.rerank.REMEMBERED", 3)
    texts = [*TEXTS.values(), TEXTS["ship"]]
    expected = [LateInteractionReranker(precise_embedder).score("the valve", [text])[0] for text in texts]
    reranker = LateInteractionReranker(precise_embedder)
    for rows in ([0, 1], [1, 0], [1, 2], [0, 1, 2, 3, 4], [3]):
        scores = reranker.score("the valve", [texts[row] for row in rows])
        assert scores == pytest.approx([expected[row] for row in rows], abs=1e-5)
    assert len(reranker.remembered) <= 4


class LastFirst:
    """A reranker that turns the order of what it gets around and remembers how much that was."""

    def __init__(self):
        self.lengths = []

    def score(self, query, texts):
        self.lengths.append(len(texts))
        return [float(number) for number in range(len(texts))]


def test_reranking_sorts_only_what_the_first_stage_found(crowd):
    first = HybridRetriever.from_passages(crowd[:300], STUB)
    reranker = LastFirst()
    retriever = RerankingRetriever(first, reranker, depth=6)
    found = retriever.search(["topic3 item3", "topic4"], 2)
    assert [ids(hits) for hits in found] == [ids(hits)[:-3:-1] for hits in first.search(["topic3 item3", "topic4"], 6)]
    assert [hit.score for hit in found[0]] == [5, 4]
    assert len(retriever.search(["topic3"], 9)[0]) == 9
    assert reranker.lengths == [6, 6, 9]


def test_reranking_respects_a_filter_and_needs_no_hits():
    reranker = LastFirst()
    retriever = RerankingRetriever(LexicalRetriever.from_passages(PASSAGES), reranker)
    assert ids(retriever.search(["ship valve"], 5, where=lambda p: p.doc_id == "valve")[0]) == ["valve#1"]
    assert retriever.search(["qwertz"], 5) == [[]]
    assert reranker.lengths == [1]


def test_the_retriever_of_the_course_can_be_filtered_and_answers(embedder):
    retriever = course_retriever(PASSAGES, embedder)
    found = retriever.search(["Who bakes bread?", "How much can be lifted?"], 1)
    assert [hits[0].passage.doc_id for hits in found] == ["bread", "winch"]
    assert ids(retriever.search(["Who bakes bread?"], 1, where=lambda p: p.doc_id == "ship")[0]) == ["ship#1"]


def test_a_cross_encoder_scores_each_pair(tmp_path):
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ship", "bread", "valve", "close", "the"]
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(words)})
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=32, num_labels=1, initializer_range=1.0, **shape)
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    texts = ["close the valve", "bread", "the ship"]
    with torch.no_grad():
        logits = [model(**tokenizer("the bread", text, return_tensors="pt")).logits.item() for text in texts]
    reranker = load_cross_encoder(str(tmp_path))
    scores = reranker.score("the bread", texts)
    assert scores == pytest.approx([1 / (1 + np.exp(-logit)) for logit in logits], abs=1e-5)
    hits = RerankingRetriever(BUILDERS["dense"](numbered(texts)), reranker).search(["the bread"], 2)[0]
    assert [hit.passage.text for hit in hits] == [texts[row] for row in np.argsort(logits)[:0:-1]]


def test_a_cross_encoder_that_cannot_be_had_is_named(monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr("utils.models.hub.HfApi.model_info", unreachable)
    with pytest.raises(FileNotFoundError, match=r"'nobody/cross-encoder'.*cannot be asked: OSError, no route"):
        load_cross_encoder("nobody/cross-encoder")


def test_token_vectors_are_those_that_the_mean_is_taken_of(precise_embedder):
    texts = list(TEXTS.values())
    transformer, tokenizer = precise_embedder.model[0].auto_model, precise_embedder.model.tokenizer
    pooled = precise_embedder.embed(texts)
    for text, pieces, vector in zip(texts, precise_embedder.embed_tokens(texts), pooled, strict=True):
        with torch.no_grad():
            read = tokenizer(text, truncation=False, padding=False, return_tensors="pt")
            states = transformer(**read).last_hidden_state[0].numpy()
        mean = states.mean(axis=0)
        assert np.allclose(pieces, states / np.linalg.norm(states, axis=1, keepdims=True), atol=1e-5)
        assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)
        assert pieces.mean(axis=0) @ vector / np.linalg.norm(pieces.mean(axis=0)) > 0.98
    assert precise_embedder.embed_tokens([]) == []


def test_the_best_precision_of_this_machine_keeps_the_vectors(embedder, precise_embedder):
    documents = load_documents(HANDBOOK_FOLDER)[::5]
    texts = [passage.titled_text for passage in split_into_passages(documents, embedder.count_tokens)][:100]
    assert len(texts) == 100
    cosines = (embedder.embed(texts) * precise_embedder.embed(texts)).sum(axis=1)
    assert cosines.mean() >= 0.999


def test_counting_many_is_counting_each(embedder):
    texts = ["", "ship", "Ærøskøbing 😀 " * 200, "漢字", "a\x07b", *TEXTS.values()]
    assert embedder.count_many(texts) == [embedder.count_tokens(text) for text in texts]
    assert embedder.count_many([]) == []


any_text = st.text(max_size=80) | st.sampled_from(["\x00\x07\x1b", "😀" * 500, "\u200b", "w" * 5000, "שלום", "\u2028"])


@settings(max_examples=30, deadline=None)
@given(any_text)
def test_any_text_can_be_asked_for(retriever, embedder, text):
    for searched in (retriever, RerankingRetriever(retriever, LateInteractionReranker(embedder))):
        if text.strip():
            assert len(searched.search([text, "the valve"], 3)) == 2
        else:
            with pytest.raises(ValueError, match="Query 0 is empty"):
                searched.search([text, "the valve"], 3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_can_be_indexed(embedder, texts):
    passages = numbered(texts)
    hits = HybridRetriever.from_passages(passages, embedder).search(["the valve"], 10)[0]
    assert sorted(ids(hits)) == sorted(passage.id for passage in passages)
