"""Reading documents and cutting them into passages."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.corpus import Document, load_documents, read_document, split_into_passages, split_sentences

FRONT = "---\nid: {id}\ntitle: T\nsection: s\nrevision: 1\ndate: 2033-01-02\naudience: crew\nfictional: true\n---\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path


def document(text: str, title: str = "T") -> Document:
    return Document(
        id="d", title=title, section="s", revision=1, date=date(2033, 1, 2), audience="crew", fictional=True, text=text
    )


def count_words(text: str) -> int:
    return len(text.split())


def test_read_document(tmp_path):
    found = read_document(write(tmp_path, "a", FRONT.format(id="a") + "Body.\n"))
    assert (found.id, found.text, found.date) == ("a", "Body.", date(2033, 1, 2))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"No front matter", "no front matter"),
        (b"---\ntitle: a: b\n---\nx", "not valid YAML"),
        (b"---\n- a\n- b\n---\nx", "not a list of 'field: value' lines"),
        (FRONT.format(id="a").replace("revision: 1", "revision: many").encode() + b"x", "revision"),
        (FRONT.format(id="a").replace("title: T\n", "").encode() + b"x", "title: Field required"),
        (FRONT.format(id="a").replace("title: T", "colour: red\ntitle: T").encode() + b"x", "colour"),
    ],
)
def test_bad_documents_are_refused_by_file_name(tmp_path, content, message):
    path = tmp_path / "a.md"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as refused:
        read_document(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir])
def test_a_missing_or_empty_folder_is_refused(tmp_path, make):
    make(tmp_path / "handbook")
    with pytest.raises(FileNotFoundError, match="handbook"):
        load_documents(tmp_path / "handbook")


def test_ids_must_be_file_names_and_unique(tmp_path):
    write(tmp_path, "a", FRONT.format(id="b") + "x")
    with pytest.raises(ValueError, match="the id is 'b'"):
        load_documents(tmp_path)
    write(tmp_path, "a", FRONT.format(id="a") + "x")
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", "a", FRONT.format(id="a") + "x")
    with pytest.raises(ValueError, match="already taken"):
        load_documents(tmp_path)


def test_split_sentences_respects_titles_decimals_and_lines():
    text = "Dr. Brekke lifts 4.6 kN. She sings.\n\n- one item. Still it\n| a | b |"
    assert split_sentences(text) == [
        "Dr. Brekke lifts 4.6 kN. ",
        "She sings.\n",
        "- one item. ",
        "Still it\n",
        "| a | b |\n",
    ]


def test_passages_hold_whole_sentences_and_the_title_counts():
    text = "One two three. Four five six. Seven eight nine."
    passages = split_into_passages([document(text)], count_words, max_tokens=7)
    assert [passage.text for passage in passages] == ["One two three. Four five six.", "Seven eight nine."]
    assert [passage.id for passage in passages] == ["d#1", "d#2"]
    assert passages[0].titled_text.startswith("T\n")


def test_overlap_repeats_the_last_sentence_where_it_fits():
    text = "One two three. Four five six. Seven eight nine."
    passages = split_into_passages([document(text)], count_words, max_tokens=7, overlap_sentences=1)
    assert [p.text for p in passages] == ["One two three. Four five six.", "Four five six. Seven eight nine."]


def test_a_title_without_room_for_text_is_refused():
    with pytest.raises(ValueError, match="its title alone"):
        split_into_passages([document("x", title="far too long a title")], count_words, max_tokens=8)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.integers(8, 40), st.integers(0, 2))
def test_no_passage_is_too_long_and_no_text_is_lost(text, max_tokens, overlap):
    def count_characters(passage: str) -> int:
        return len(passage)

    passages = split_into_passages([document(text)], count_characters, max_tokens=max_tokens, overlap_sentences=overlap)
    assert all(count_characters(passage.titled_text) <= max_tokens for passage in passages)
    if overlap == 0:
        kept = "".join("".join(passage.text for passage in passages).split())
        assert kept == "".join(text.split())


def test_no_passage_of_the_handbook_is_cut_by_the_embedder(embedder):
    from utils.data import HANDBOOK_FOLDER

    documents = load_documents(HANDBOOK_FOLDER)
    passages = split_into_passages(documents, embedder.count_tokens, max_tokens=embedder.max_tokens)
    assert max(embedder.count_tokens(passage.titled_text) for passage in passages) <= embedder.max_tokens
