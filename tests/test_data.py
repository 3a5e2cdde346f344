"""The loaders: what they refuse, and how they say it."""

import json

import pytest

from utils.data import items_for, load_facts, majority_answers, write_json
from utils.data.loaders import read_jsonl
from utils.data.records import Fact, RevisedFact, TwoHopQuestion

GOOD = {
    "fact_id": "a-1",
    "doc_id": "a",
    "doc_split": "train",
    "trained": True,
    "entity": "winch",
    "attribute": "load",
    "answer_type": "quantity",
    "evidence": "The winch lifts 4.6 kN.",
    "answer": "4.6 kN",
    "aliases": [],
    "questions": [{"text": "What does it lift?", "role": "train"}, {"text": "How strong is it?", "role": "test"}],
}


def write_lines(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_good_line_becomes_a_record(tmp_path):
    fact = load_facts(write_lines(tmp_path / "f.jsonl", GOOD))[0]
    assert fact.answers == ["4.6 kN"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doc_split": "exam"}, "field doc_split: Input should be 'train', 'dev' or 'test'"),
        ({"trained": "yes"}, "field trained"),
        ({"colour": "red"}, "field colour"),
        ({"answer": ""}, "field answer"),
        ({"evidence": "The winch lifts 46 kN."}, "it must contain the answer"),
        ({"questions": [{"text": "Does it lift 4.6 kN?", "role": "dev"}]}, "contains its own answer"),
        ({"questions": [{"text": "How?", "role": "exam"}]}, r"field questions\.0\.role"),
    ],
)
def test_a_bad_line_is_refused_with_file_line_and_field(tmp_path, change, message):
    path = write_lines(tmp_path / "f.jsonl", GOOD, GOOD | {"fact_id": "a-2"} | change)
    with pytest.raises(ValueError, match=message) as refused:
        load_facts(path)
    assert f"{path}, line 2" in str(refused.value)


def test_a_line_that_is_not_json_and_a_file_that_is_not_utf8_are_refused(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text("{not json}\n")
    with pytest.raises(ValueError, match="line 1: Invalid JSON"):
        load_facts(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not UTF-8"):
        load_facts(path)


def test_missing_empty_and_repeated_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_facts(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ValueError, match="is empty"):
        load_facts(tmp_path / "empty.jsonl")
    with pytest.raises(ValueError, match=r"line 2: field fact_id: 'a-1' is already on line 1"):
        load_facts(write_lines(tmp_path / "f.jsonl", GOOD, GOOD))


def test_a_revision_must_change_the_answer(tmp_path):
    path = write_lines(tmp_path / "r.jsonl", GOOD | {"old_answer": "4.6 kN"})
    with pytest.raises(ValueError, match="nothing changed"):
        read_jsonl(path, RevisedFact)


def test_two_hops_must_be_in_two_documents(tmp_path):
    hop = {"doc_id": "a", "evidence": "The winch lifts 4.6 kN."}
    record = {k: GOOD[k] for k in ("answer", "aliases", "answer_type")}
    record |= {"question_id": "t-1", "split": "dev", "question": "How strong?", "hops": [hop, hop]}
    with pytest.raises(ValueError, match="two documents"):
        read_jsonl(write_lines(tmp_path / "t.jsonl", record), TwoHopQuestion)


def test_items_and_majority_answers():
    first = Fact(**GOOD)
    others = [Fact(**GOOD | {"fact_id": f"b-{n}", "answer": "9 m", "evidence": "It is 9 m."}) for n in range(2)]
    item = items_for([first], "train")[0]
    assert (item.item_id, item.question, item.doc_id) == ("a-1/train1", "What does it lift?", "a")
    assert items_for([first], "dev") == []
    assert items_for([first], "train", per_fact=0) == []
    assert majority_answers([first, *others]) == {"quantity": "9 m"}


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "r.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]
