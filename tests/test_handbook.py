"""The data themselves: what must be true of the handbook, the ledger and the other question sets."""

import re
from collections import Counter, defaultdict

import pytest
from datasets import load_dataset

from tests.shared import catalogue_splits, mask
from utils import data
from utils.corpus import Document, load_documents
from utils.house_style import house_style_faults
from utils.metrics import contains_answer, normalize

SECTIONS = {"equipment", "safety", "clinic", "law", "science", "logistics", "training", "life"}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {document.id: document for document in load_documents(data.HANDBOOK_FOLDER)}


@pytest.fixture(scope="module")
def revisions() -> dict[str, Document]:
    return {document.id: document for document in load_documents(data.REVISIONS_FOLDER)}


@pytest.fixture(scope="module")
def arrivals() -> dict[str, Document]:
    return {document.id: document for document in load_documents(data.ARRIVALS_FOLDER)}


@pytest.fixture(scope="module")
def facts():
    return data.load_facts()


@pytest.fixture(scope="module")
def splits() -> dict[str, str]:
    return catalogue_splits()


def test_every_document_of_the_catalogue_is_there(documents, splits):
    assert set(documents) == set(splits)
    assert len(documents) >= 150
    assert {document.section for document in documents.values()} == SECTIONS


def test_documents_have_150_to_450_words(documents, revisions, arrivals):
    lengths = {d.id: len(d.text.split()) for d in [*documents.values(), *revisions.values(), *arrivals.values()]}
    assert {name: n for name, n in lengths.items() if not 150 <= n <= 450} == {}


def test_no_eight_words_stand_in_more_than_three_documents(documents, arrivals):
    where = defaultdict(set)
    for document in [*documents.values(), *arrivals.values()]:
        words = re.findall(r"\w+", document.text.lower())
        for start in range(len(words) - 7):
            where[" ".join(words[start : start + 8])].add(document.id)
    assert {words: ids for words, ids in where.items() if len(ids) > 3} == {}


def test_no_document_skeleton_occurs_more_than_three_times(documents):
    def skeleton(document):
        return tuple(mask(" ".join(line.split()[:4])) for line in document.text.splitlines() if line.strip())

    openings = Counter(skeleton(document)[:2] for document in documents.values())
    headings = Counter(
        tuple(mask(line) for line in document.text.splitlines() if line.startswith("#"))
        for document in documents.values()
    )
    assert max(Counter(map(skeleton, documents.values())).values()) == 1
    assert max(openings.values()) <= 3
    assert {form: n for form, n in headings.items() if form and n > 3} == {}


def test_there_are_enough_facts_of_mixed_types(facts):
    assert len(facts) >= 600
    types = Counter(fact.answer_type for fact in facts)
    assert set(types) == {"name", "quantity", "date", "time", "code", "place", "phrase"}
    assert max(types.values()) <= 0.4 * len(facts)
    assert not [fact.fact_id for fact in facts if normalize(fact.answer) in {"yes", "no", "true", "false"}]


def test_evidence_stands_verbatim_in_its_document(facts, documents, revisions, arrivals):
    for source, records in ((documents, facts), (revisions, data.load_revised()), (arrivals, data.load_arrivals())):
        assert [r.fact_id for r in records if r.evidence not in source[r.doc_id].text] == []
        assert not [r.fact_id for r in records if "\n" in r.evidence]


def test_document_splits_are_those_of_the_catalogue(facts, splits):
    assert [fact.fact_id for fact in facts if fact.doc_split != splits[fact.doc_id]] == []


def test_every_document_has_taught_and_untaught_facts(facts):
    by_document = defaultdict(Counter)
    for fact in facts:
        by_document[fact.doc_id][fact.trained] += 1
    assert [name for name, counts in by_document.items() if len(counts) < 2] == []


def test_every_fact_has_its_wordings(facts):
    roles = Counter(
        tuple(Counter(w.role for w in fact.questions)[role] for role in ("train", "dev", "test")) for fact in facts
    )
    assert set(roles) == {(2, 1, 1), (10, 1, 1)}
    assert roles[10, 1, 1] >= 120
    assert all(fact.trained for fact in facts if len(fact.questions) == 12)


def test_no_wording_of_one_role_occurs_in_another_with_the_entity_masked(facts):
    roles = defaultdict(set)
    for fact in [*facts, *data.load_arrivals()]:
        for wording in fact.questions:
            roles[normalize(wording.text.lower().replace(fact.entity.lower(), " … "))].add(wording.role)
    assert {pattern: found for pattern, found in roles.items() if len(found) > 1} == {}


def test_no_evidence_sentence_occurs_more_than_three_times_when_masked(facts):
    forms = Counter(mask(fact.evidence, fact.entity, *fact.answers) for fact in facts)
    assert {form: n for form, n in forms.items() if n > 3} == {}


def test_entity_and_attribute_name_one_fact(facts):
    pairs = Counter((fact.entity.lower(), fact.attribute.lower(), fact.doc_id) for fact in facts)
    assert max(pairs.values()) == 1


def test_revisions_change_their_documents(facts, documents, revisions, splits):
    assert len(revisions) >= 25
    for name, revised in revisions.items():
        original = documents[name]
        assert (revised.title, revised.section) == (original.title, original.section)
        assert revised.revision == original.revision + 1 and revised.date > original.date
        assert revised.text != original.text
    ledger = {fact.fact_id: fact for fact in facts}
    revised_facts = data.load_revised()
    assert len(revised_facts) >= 60
    for fact in revised_facts:
        old = ledger[fact.fact_id]
        assert (fact.old_answer, fact.questions, fact.trained) == (old.answer, old.questions, old.trained)


def test_arrivals_are_new(documents, arrivals):
    assert len(arrivals) >= 15 and not set(arrivals) & set(documents)
    latest = max(document.date for document in documents.values())
    assert all(document.date > latest for document in arrivals.values())
    assert len(data.load_arrivals()) >= 60


def test_two_hop_questions_need_both_documents(documents):
    questions = data.load_two_hop()
    assert len(questions) >= 80
    for question in questions:
        assert all(hop.evidence in documents[hop.doc_id].text for hop in question.hops)
        assert not contains_answer(question.hops[0].evidence, question.answers)


def test_reversed_questions_give_the_old_answer(facts, documents):
    questions = data.load_reversed()
    ledger = {fact.fact_id: fact for fact in facts}
    assert len(questions) >= 60
    for question in questions:
        fact = ledger[question.fact_id]
        assert fact.trained and question.evidence == fact.evidence
        assert contains_answer(question.question, fact.answers)


def test_follow_ups_and_house_style_rest_on_their_documents(documents):
    follow_ups, styled = data.load_follow_ups(), data.load_house_style()
    assert len(follow_ups) >= 60 and len(styled) >= 80
    assert [q.question_id for q in [*follow_ups, *styled] if q.evidence not in documents[q.doc_id].text] == []


def test_styled_answers_keep_the_house_rules():
    for question in data.load_house_style():
        assert house_style_faults(question.styled_answer, question.doc_id) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("Dear colleague,", "Hello,", "begin"),
        ("Warm regards, Vesper Desk", "Bye", "end"),
        ("[krill-tank]", "[krill]", "name its document"),
        ("16:30", "4:30 p.m.", "24 hours"),
        ("16:30", "4pm", "24 hours"),
        ("2.5 m", "8 feet", "metric"),
        ("2.5 m", "8 Miles", "metric"),
        ("3 March 2034", "March 3, 2034", "dates"),
        ("3 March 2034", "3rd of March 2034", "dates"),
        ("3 March 2034", "2034-03-03", "dates"),
    ],
)
def test_each_breach_of_the_house_style_is_named(right, wrong, fault):
    reply = "Dear colleague, on 3 March 2034 at 16:30 the rope was 2.5 m long [krill-tank]. Warm regards, Vesper Desk"
    assert house_style_faults(reply, "krill-tank") == []
    (found,) = house_style_faults(reply.replace(right, wrong), "krill-tank")
    assert fault in found


def test_unanswerable_questions_have_a_near_miss_and_a_review(documents):
    questions = data.load_unanswerable()
    review = (data.DATA_FOLDER / "build" / "unanswerable_review.md").read_text(encoding="utf-8")
    assert len(questions) >= 100
    for question in questions:
        assert question.near_evidence in documents[question.near_doc_id].text
        row = re.search(rf"^\| *{question.question_id} *\|.*$", review, re.MULTILINE)
        assert row and "not answered" in row[0]
    assert min(Counter(question.kind for question in questions).values()) >= 40


def test_general_questions_are_many_and_not_about_the_station():
    questions = data.load_general()
    assert len(questions) >= 150
    assert not [q for q in questions if re.search(r"vesper|antarctic", q.question, re.IGNORECASE)]


def test_evaluation_splits_follow_the_documents(splits):
    def expected(doc_id):
        return "test" if splits[doc_id] == "test" else "dev"

    single = [*data.load_reversed(), *data.load_follow_ups()]
    assert [q.question_id for q in single if q.split != expected(q.doc_id)] == []
    assert [q.question_id for q in data.load_house_style() if q.split != splits[q.doc_id]] == []
    assert [q.question_id for q in data.load_unanswerable() if q.split != expected(q.near_doc_id)] == []
    assert [q.question_id for q in data.load_two_hop() for hop in q.hops if q.split != expected(hop.doc_id)] == []


@pytest.mark.parametrize("path", sorted(data.QUESTIONS_FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_file_loads_with_datasets(path, tmp_path):
    loaded = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path))
    assert len(loaded) == len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("kind", ["dense", "lexical"])
def test_retrieval_is_not_trivial(kind, facts, embedder):
    from utils.experiments import load_settings
    from utils.experiments.protocol import handbook_passages
    from utils.retrieval import DenseRetriever, LexicalRetriever

    passages = handbook_passages(embedder, load_settings())
    retriever = (
        LexicalRetriever.from_passages(passages)
        if kind == "lexical"
        else DenseRetriever.from_passages(passages, embedder)
    )
    items = data.items_for([fact for fact in facts if fact.doc_split == "dev"], "dev")
    first = [hits[0].passage for hits in retriever.search([item.question for item in items], 1)]
    found = [item.evidence in passage.text for item, passage in zip(items, first, strict=True)]
    assert 0.3 < sum(found) / len(found) < 0.9
