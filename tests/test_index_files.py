"""Saved indexes: what comes back, what is refused, and what an interruption or a damaged file leaves."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from utils.corpus import Passage
from utils.models import Embedder
from utils.retrieval import DenseRetriever, HybridRetriever, LexicalRetriever
from utils.retrieval.storage import digest_of

TEXTS = {
    "ship": "The supply ship arrives in December.",
    "winch": "The Heron winch lifts 4.6 kN.\nIts rope\u2028is “new”.",
    "bread": "Matthieu bakes rye bread on Fridays. 漢字 😀 \x07",
    "valve": "Close valve V-19 before the storm.",
}
PASSAGES = [
    Passage(f"{name}#1", name, name.title(), text, section="life", audience="crew", date="2033-01-02")
    for name, text in TEXTS.items()
]
QUERIES = ["Who bakes bread?", "the valve of the winch"]
MANY = [Passage(f"{n}#1", f"{n}", "", f"item {n}") for n in range(300)]


@dataclass
class Case:
    """One way to build an index and to load it again."""

    build: object
    load: object


@pytest.fixture(params=["exact", "hnsw", "ivfpq", "lexical", "hybrid"])
def case(request, embedder) -> Case:
    def of_random_vectors(passages):
        vectors = np.random.default_rng(0).standard_normal((len(passages), 384)).astype(np.float32)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return DenseRetriever.from_vectors(passages, unit, embedder, kind="ivfpq")

    def with_embedder(retriever, **settings):
        return Case(
            lambda passages: retriever.from_passages(passages, embedder, **settings),
            lambda folder: retriever.load(folder, embedder),
        )

    if request.param == "lexical":
        return Case(LexicalRetriever.from_passages, LexicalRetriever.load)
    if request.param == "hybrid":
        return with_embedder(HybridRetriever)
    if request.param == "ivfpq":
        return Case(lambda _: of_random_vectors(MANY), lambda folder: DenseRetriever.load(folder, embedder))
    return with_embedder(DenseRetriever, kind=request.param)


@pytest.fixture
def lexical() -> LexicalRetriever:
    return LexicalRetriever.from_passages(PASSAGES)


@pytest.fixture
def saved(lexical, tmp_path) -> Path:
    """A folder with a saved lexical index."""
    lexical.save(tmp_path)
    return tmp_path


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def tamper(folder: Path, change) -> None:
    """Change a manifest as somebody would who knows how its checksum is made."""
    manifest = manifest_of(folder)
    change(manifest)
    manifest.pop("sha256")
    (folder / "manifest.json").write_text(json.dumps(manifest | {"sha256": digest_of(manifest)}), encoding="utf-8")


def stored(folder: Path, name: str) -> Path:
    """Return the path of one of the index's files."""
    return folder / manifest_of(folder)["files"][name]["file"]


def test_what_is_saved_comes_back(case, tmp_path):
    index = case.build(PASSAGES)
    index.save(tmp_path / "new" / "folder")
    loaded = case.load(tmp_path / "new" / "folder")
    assert loaded.passages == index.passages
    assert loaded.search(QUERIES, 3) == index.search(QUERIES, 3)
    loaded.add([Passage("tent#1", "tent", "Tent", "A blue tent.")])
    assert loaded.search(["a blue tent"], 1)[0][0].passage.id == "tent#1"


def test_a_deleted_document_stays_deleted(case, tmp_path):
    index = case.build(PASSAGES)
    gone = index.passages[2]
    index.delete({gone.doc_id})
    index.save(tmp_path)
    loaded = case.load(tmp_path)
    assert loaded.passages == index.passages
    assert all(gone != hit.passage for hits in loaded.search([gone.text], 1000) for hit in hits)
    assert not any(f'"{gone.id}"'.encode() in path.read_bytes() for path in tmp_path.iterdir())


def test_an_emptied_index_can_be_saved(case, tmp_path):
    index = case.build(PASSAGES)
    everything = index.passages
    index.delete({passage.doc_id for passage in everything})
    index.save(tmp_path)
    loaded = case.load(tmp_path)
    assert loaded.passages == [] and loaded.search(QUERIES, 2) == [[], []]
    loaded.add(everything)
    assert loaded.passages == everything


def test_an_index_of_another_embedder_is_refused(embedder, tmp_path):
    other = Embedder(embedder.model, "other-embedder")
    for kind in (DenseRetriever, HybridRetriever):
        kind.from_passages(PASSAGES, embedder).save(tmp_path)
        with pytest.raises(ValueError, match=rf"built with the embedder '{embedder.name}'.* is 'other-embedder'"):
            kind.load(tmp_path, other)


def test_an_index_of_another_retriever_is_refused(saved, embedder):
    with pytest.raises(ValueError, match="this is a lexical index, not a dense one"):
        DenseRetriever.load(saved, embedder)
    with pytest.raises(ValueError, match="this is a lexical index, not a hybrid one"):
        HybridRetriever.load(saved, embedder)
    DenseRetriever.from_passages(PASSAGES, embedder).save(saved)
    with pytest.raises(ValueError, match="this is a dense index, not a lexical one"):
        LexicalRetriever.load(saved)


@pytest.mark.parametrize("make", [lambda folder: None, Path.mkdir])
def test_a_missing_or_empty_folder_is_refused(make, tmp_path):
    make(tmp_path / "index")
    with pytest.raises(FileNotFoundError, match=r"index/manifest\.json: no such file"):
        LexicalRetriever.load(tmp_path / "index")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"[]", b'"a"', b"{}", b'{"name": "a web page"}'])
def test_a_manifest_of_something_else_is_refused(content, saved):
    (saved / "manifest.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"manifest\.json: not the manifest of an index"):
        LexicalRetriever.load(saved)


def test_a_flipped_bit_in_any_byte_of_the_manifest_is_noticed(saved, lexical):
    path = saved / "manifest.json"
    content = path.read_bytes()
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        try:
            loaded = LexicalRetriever.load(saved)
        except ValueError as refused:
            assert "manifest.json" in str(refused)
        else:  # white space
            assert loaded.search(QUERIES, 4) == lexical.search(QUERIES, 4)


@pytest.mark.parametrize("name", ["passages.jsonl", "data.csc.index.npy", "vocab.index.json"])
def test_a_damaged_file_is_named(name, saved):
    path = stored(saved, name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path.name}: {name} is missing or damaged"):
        LexicalRetriever.load(saved)


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_missing_or_cut_off_file_is_named(lose, embedder, tmp_path):
    HybridRetriever.from_passages(PASSAGES, embedder).save(tmp_path)
    lose(stored(tmp_path, "dense-vectors.faiss"))
    with pytest.raises(ValueError, match=r"dense-vectors\.faiss is missing or damaged"):
        HybridRetriever.load(tmp_path, embedder)


def test_a_tampered_manifest_cannot_read_outside_its_folder(lexical, tmp_path):
    lexical.save(tmp_path / "index")
    path = stored(tmp_path / "index", "passages.jsonl")
    path.rename(tmp_path / path.name)  # the right content, at a place where it must not be looked for

    def climb(manifest):
        manifest["files"]["passages.jsonl"]["file"] = f"../{path.name}"

    tamper(tmp_path / "index", climb)
    with pytest.raises(ValueError, match=r"passages\.jsonl is missing or damaged"):
        LexicalRetriever.load(tmp_path / "index")


@pytest.mark.parametrize("name", ["../planted", "{folder}/planted", "..", ""])
def test_a_tampered_manifest_cannot_write_outside_the_scratch_folder(name, saved):
    def rename(manifest):
        manifest["files"][name.format(folder=saved)] = manifest["files"].pop("params.index.json")

    tamper(saved, rename)
    with pytest.raises(ValueError, match="is not the name of a file of an index"):
        LexicalRetriever.load(saved)


def interrupt_second_file(monkeypatch) -> None:
    """Let the second file of a save stop half-way."""
    calls = []
    write = Path.write_bytes

    def write_half(path, content):
        if path.suffix != ".unfinished":
            return write(path, content)
        calls.append(path)
        if len(calls) == 2:
            write(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_half)


def interrupt_manifest(monkeypatch) -> None:
    """Stop a save right before the new manifest takes the old one's place."""
    replace = Path.replace

    def stop(path, target):
        if Path(target).name == "manifest.json":
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", stop)


@pytest.mark.parametrize("interrupt", [interrupt_second_file, interrupt_manifest])
def test_an_interrupted_save_leaves_the_old_index_whole(interrupt, case, tmp_path):
    index = case.build(PASSAGES)
    index.save(tmp_path)
    before = index.search(QUERIES, 3)
    index.delete({before[0][0].passage.doc_id})
    with pytest.MonkeyPatch.context() as monkeypatch:
        interrupt(monkeypatch)
        with pytest.raises((OSError, KeyboardInterrupt)):
            index.save(tmp_path)
    assert case.load(tmp_path).search(QUERIES, 3) == before

    index.save(tmp_path)
    assert case.load(tmp_path).search(QUERIES, 3) == index.search(QUERIES, 3) != before
    listed = {entry["file"] for entry in manifest_of(tmp_path)["files"].values()}
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", *listed}


def test_saving_into_a_folder_keeps_the_files_of_others(lexical, saved):
    (saved / "notes.txt").write_text("mine")
    (saved / "handbook").mkdir()
    lexical.delete({"ship"})
    lexical.save(saved)
    assert (saved / "notes.txt").read_text() == "mine"
    assert (saved / "handbook").is_dir()
