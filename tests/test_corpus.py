"""Reading documents and cutting them into passages; docstrings as text for experiments."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.corpus import Document, Passage, load_documents, read_document, split_into_passages, split_sentences
from utils.docstrings import DocstringPair, load_docstrings

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


def count_quarters(text: str) -> int:
    """Count about as many tokens as a tokenizer would, in no time."""
    return len(text) // 4


def without_spaces(texts: list[str]) -> str:
    return "".join("".join(texts).split())


def test_read_document(tmp_path):
    found = read_document(write(tmp_path, "a", FRONT.format(id="a") + "Body.\n"))
    assert (found.id, found.text, found.date) == ("a", "Body.", date(2033, 1, 2))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"text \x00\x01 more", r"not a text file, as it holds the character '\\x00'"),
        (FRONT.format(id="a").encode() + b"PK\x03\x04", r"not a text file, as it holds the character '\\x03'"),
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


def test_a_byte_order_mark_is_no_part_of_a_document(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(FRONT.format(id="a") + "Body.", encoding="utf-8-sig")
    (tmp_path / "b.txt").write_text("Plain.", encoding="utf-8-sig")
    assert [document.text for document in load_documents(tmp_path)] == ["Body.", "Plain."]


def test_plain_text_is_a_document_named_after_its_file(tmp_path):
    write(tmp_path, "b", FRONT.format(id="b") + "Body.")
    folder = tmp_path / "field-notes"
    folder.mkdir()
    (folder / "storm_of-june.txt").write_text("  The wind turned.\r\n---\nWe waited.\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\x00")  # of no concern
    markdown, plain = load_documents(tmp_path)
    assert markdown.id == "b"
    assert (plain.id, plain.title, plain.section) == ("storm_of-june", "Storm of june", "field-notes")
    assert plain.text == "The wind turned.\n---\nWe waited."
    assert (plain.audience, plain.fictional, plain.revision) == ("everyone", False, 1)
    assert abs(plain.date - date.today()).days <= 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b" \n", "empty"), (b"a\x00b", "not a text file"), (b"\xe9t\xe9", r"not UTF-8 \(byte 0\)")],
)
def test_bad_plain_texts_are_refused_by_file_name(tmp_path, content, message):
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rf"notes\.txt: .*{message}"):
        load_documents(tmp_path)


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
    assert all(passage.text.strip() == passage.text != "" for passage in passages)
    if overlap == 0:
        assert without_spaces([passage.text for passage in passages]) == without_spaces([text])


def test_no_passage_of_the_handbook_is_cut_by_the_embedder(embedder):
    from utils.data import HANDBOOK_FOLDER

    documents = load_documents(HANDBOOK_FOLDER)
    passages = split_into_passages(documents, embedder.count_tokens, max_tokens=embedder.max_tokens)
    assert max(embedder.count_tokens(passage.titled_text) for passage in passages) <= embedder.max_tokens


def test_passages_carry_what_filters_ask_about():
    source = document("One two. Three four.").model_copy(update={"section": "law", "audience": "clinic"})
    passages = split_into_passages([source], count_words, max_tokens=3)
    assert passages[1] == Passage("d#2", "d", "T", "Three four.", section="law", audience="clinic", date="2033-01-02")
    assert {(passage.section, passage.audience, passage.date) for passage in passages} == {
        ("law", "clinic", "2033-01-02")
    }


SENTENCES = "The Heron winch lifts 4.6 kN (see No. 12). Is it new? Ærø, 漢字 and 😀 stay.\n\n- one item\n| a | b |\n"


def split_and_measure(text: str, count: Callable[[str], int]) -> tuple[list[Passage], float]:
    """Return the passages of a text, and how many times its length had to be counted to find them."""
    counted = 0

    def count_and_add(part: str) -> int:
        nonlocal counted
        counted += len(part)
        return count(part)

    passages = split_into_passages([document(text)], count_and_add)
    return passages, counted / len(text)


def test_ten_megabytes_are_split_with_work_that_grows_as_the_text():
    text = SENTENCES * (10_000_000 // len(SENTENCES))
    passages, work = split_and_measure(text, count_quarters)
    assert work < 20
    assert max(count_quarters(passage.titled_text) for passage in passages) <= 128
    assert without_spaces([passage.text for passage in passages]) == without_spaces([text])


def test_a_megabyte_is_split_by_the_tokenizer(embedder):
    text = SENTENCES * (1_000_000 // len(SENTENCES))
    passages, work = split_and_measure(text, embedder.count_tokens)
    assert work < 20
    assert max(embedder.count_many([passage.titled_text for passage in passages])) <= 128
    assert without_spaces([passage.text for passage in passages]) == without_spaces([text])


@pytest.mark.parametrize("word", ["w" * 300_000, "漢" * 30_000, "-" * 30_000])
def test_a_word_longer_than_any_passage_is_cut_and_not_lost(word, embedder):
    """MiniLM reads a word of more than 100 letters as one unknown piece, so its tokens alone would never end it."""
    passages, work = split_and_measure(f"Before {word} after.", embedder.count_tokens)
    assert work < 20
    assert max(embedder.count_many([passage.titled_text for passage in passages])) <= 128
    assert max(len(passage.text) for passage in passages) <= 32 * 128
    assert without_spaces([passage.text for passage in passages]) == f"Before{word}after."


def test_a_long_stretch_of_space_makes_no_empty_passage():
    passages = split_into_passages([document("a" + " " * 300 + "b")], len, max_tokens=20)
    assert [(passage.id, passage.text) for passage in passages] == [("d#1", "a"), ("d#2", "b")]


odd_texts = st.lists(
    st.text(max_size=120)
    | st.sampled_from(
        ["w" * 3000, "😀" * 200, "漢字" * 300, "\x07\x1b\x00", "\u200d\u202e", "ﷺ" * 40, "שלום. ", " " * 5000]
    )
    | st.sampled_from(["Dr. Brekke waits. ", "4.6 kN. ", "\n\n", "\u2028", "\x1c", "a\u0301" * 300, "각" * 100]),
    max_size=8,
).map("".join)


@settings(max_examples=30, deadline=None)
@given(odd_texts, st.sampled_from([16, 128, 254]), st.integers(0, 2))
def test_the_tokenizer_never_reads_a_passage_in_part_and_no_text_is_lost(embedder, text, max_tokens, overlap):
    passages = split_into_passages(
        [document(text)], embedder.count_tokens, max_tokens=max_tokens, overlap_sentences=overlap
    )
    assert all(count <= max_tokens for count in embedder.count_many([passage.titled_text for passage in passages]))
    assert all(passage.text.strip() == passage.text != "" for passage in passages)
    if overlap == 0:
        assert without_spaces([passage.text for passage in passages]) == without_spaces([text])


SOURCE = '''"""A module.

Its body.
"""

class Winch:
    """Lifts things.

    Up to 4.6 kN.
    """

    def lift(self):
        """Lift one thing
        and hold it.

        Args:
            none
        """

    async def stop(self):
        """No body."""

def twin():
    """Lifts  things.

    Another body, but the summary came before.
    """
'''


@pytest.fixture
def package(tmp_path, monkeypatch) -> str:
    """The name of a package of four files, one of which Python cannot read, that must not be imported."""
    folder = tmp_path / "cranes_for_tests"
    (folder / "tests").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "winch.py").write_text(SOURCE)
    (folder / "broken.py").write_text("def (")
    (folder / "tests" / "test_winch.py").write_text('"""A test.\n\nIts body."""')
    monkeypatch.syspath_prepend(tmp_path)
    return folder.name


def test_docstrings_are_pairs_of_summary_and_body(package):
    name = f"{package}.winch"
    expected = [
        DocstringPair(name, "A module.", "Its body."),
        DocstringPair(f"{name}.Winch", "Lifts things.", "Up to 4.6 kN."),
        DocstringPair(f"{name}.Winch.lift", "Lift one thing and hold it.", "Args:\n    none"),
    ]
    assert load_docstrings(packages=[package, "no_such_package"]) == expected
    assert load_docstrings(2, packages=[package]) == expected[:2]


def test_docstrings_of_nothing_are_refused():
    with pytest.raises(FileNotFoundError, match="None of these packages is installed: no_such_package"):
        load_docstrings(packages=["no_such_package"])
    with pytest.raises(ValueError, match="limit is 0"):
        load_docstrings(0)


def test_docstrings_of_the_installed_packages_are_distinct_and_in_a_fixed_order():
    pairs = load_docstrings(300)
    assert len(pairs) == len({pair.name for pair in pairs}) == len({pair.summary for pair in pairs}) == 300
    assert all(pair.name.split(".")[0] == "numpy" and pair.body for pair in pairs)
    assert load_docstrings(300) == pairs
