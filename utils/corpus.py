"""Documents with their front matter, and the passages that retrieval works on."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

FRONT_MATTER = re.compile(r"---\r?\n(.*?)\r?\n---\r?\n(.*)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")  # never found in text; white space is not among them
LONGEST_TOKEN = 32  # characters: MiniLM reads a word of any length as one piece, so pieces alone bound no passage
SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bDr\.)(?<!\bCapt\.)(?<!\bNo\.)(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[\"'“‘(*A-Z0-9])"
)


class Document(BaseModel):
    """A document: its front matter and its text, Markdown or plain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    section: str
    revision: int
    date: date
    audience: Literal["everyone", "crew", "clinic", "command"]
    fictional: bool
    text: str


@dataclass(frozen=True)
class Passage:
    """A stretch of a document that is short enough to embed whole, with what a filter may ask about its document."""

    id: str
    doc_id: str
    title: str
    text: str
    section: str = ""
    audience: str = "everyone"
    date: str = ""  # as ISO 8601, so that later dates are greater strings

    @property
    def titled_text(self) -> str:
        """The text under its title, which is what retrievers index and readers read."""
        return f"{self.title}\n{self.text}"


def read_text(path: Path) -> str:
    """Read a text file. Raises FileNotFoundError, and ValueError when it is not UTF-8 or holds binary content."""
    try:
        content = path.read_text(encoding="utf-8-sig")  # a byte order mark, if any, is left out
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 (byte {error.start}). Save the file with the encoding UTF-8.") from None
    control = CONTROL.search(content)
    if control:
        raise ValueError(
            f"{path}: not a text file, as it holds the character {control[0]!r}. Remove it from the folder."
        )
    return content


def read_document(path: Path) -> Document:
    """Read one Markdown file with front matter.

    Raises FileNotFoundError when it is missing and ValueError, naming the file and the cure, when it is not UTF-8, is
    not text, has no front matter, or a field of it is missing or wrong.
    """
    parts = FRONT_MATTER.fullmatch(read_text(path))
    if parts is None:
        raise ValueError(f"{path}: no front matter. Begin the file with a line '---', the fields, and a line '---'.")
    try:
        fields = yaml.safe_load(parts[1])
        if not isinstance(fields, dict):
            raise ValueError(f"{path}: the front matter is not a list of 'field: value' lines.")
        return Document(**fields, text=parts[2].strip())
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ValueError(
            f"{path}: the front matter is not valid YAML ({problem}). Quote values with a colon."
        ) from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"{path}: wrong front matter: {wrong}.") from None


def read_plain_text(path: Path) -> Document:
    """Read a plain text file, which has no front matter: its name gives the id and the title, its folder the section.

    Raises FileNotFoundError, and ValueError when the file is not UTF-8, is not text, or is empty.
    """
    text = read_text(path).strip()
    if not text:
        raise ValueError(f"{path}: the file is empty. Write something into it or remove it.")
    return Document(
        id=path.stem,
        title=path.stem.replace("-", " ").replace("_", " ").capitalize(),
        section=path.parent.name,
        revision=1,
        date=date.fromtimestamp(path.stat().st_mtime),
        audience="everyone",
        fictional=False,
        text=text,
    )


def load_documents(folder: Path) -> list[Document]:
    """Read every `.md` file (with front matter) and `.txt` file (without) below a folder, sorted by path.

    Raises FileNotFoundError when the folder is missing or holds no document, and ValueError for a document that cannot
    be read, whose id differs from its file name, or whose id occurs twice.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".txt"))
    if not paths:
        raise FileNotFoundError(
            f"{folder}: no such folder, or no .md or .txt file in it. The course's handbook is data/handbook."
        )
    seen: dict[str, Path] = {}
    documents = []
    for path in paths:
        document = read_document(path) if path.suffix == ".md" else read_plain_text(path)
        if document.id != path.stem:
            raise ValueError(f"{path}: the id is {document.id!r}; it must be the file's name, {path.stem!r}.")
        if document.id in seen:
            raise ValueError(f"{path}: the id {document.id!r} is already taken by {seen[document.id]}.")
        seen[document.id] = path
        documents.append(document)
    return documents


def split_into_passages(
    documents: list[Document], count_tokens: Callable[[str], int], *, max_tokens: int = 128, overlap_sentences: int = 0
) -> list[Passage]:
    """Cut documents into passages of at most `max_tokens` tokens each, the title counted.

    `count_tokens` is that of the model that will read them. Sentences, list items and table rows stay whole unless one
    alone is too long. Each passage but the first of a document begins with the last `overlap_sentences` of the one
    before, as far as they fit. Raises ValueError when a title leaves too little room for text.
    """
    passages = []
    for document in documents:

        def fits(text: str, title: str = document.title) -> bool:
            return len(text) <= LONGEST_TOKEN * max_tokens and count_tokens(f"{title}\n{text}") <= max_tokens

        if count_tokens(document.title) > max_tokens // 2:
            raise ValueError(
                f"{document.id}: its title alone takes more than half of a passage of {max_tokens} tokens."
            )
        texts = filter(None, pack(split_sentences(document.text), fits, overlap_sentences))  # no passage of mere space
        for number, text in enumerate(texts, start=1):
            passages.append(
                Passage(
                    id=f"{document.id}#{number}",
                    doc_id=document.id,
                    title=document.title,
                    text=text,
                    section=document.section,
                    audience=document.audience,
                    date=document.date.isoformat(),
                )
            )
    return passages


def split_sentences(text: str) -> list[str]:
    """Return the sentences, list items and table rows of a text, each with the white space that follows it."""
    sentences = []
    for line in text.splitlines():
        if line.strip():
            sentences += [f"{sentence} " for sentence in SENTENCE_END.split(line.strip())]
            sentences[-1] = sentences[-1].rstrip() + "\n"
    return sentences


def pack(sentences: list[str], fits: Callable[[str], bool], overlap: int) -> Iterator[str]:
    """Yield texts that are as long as `fits` allows, made of whole sentences in their order."""
    current: list[str] = []
    for sentence in sentences:
        for piece in halve(sentence, fits):
            if current and not fits("".join([*current, piece])):
                yield "".join(current).strip()
                current = current[-overlap:] if overlap else []
                while current and not fits("".join([*current, piece])):
                    current.pop(0)
            current.append(piece)
    if current:
        yield "".join(current).strip()


def halve(sentence: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield a sentence whole if it fits, else its two halves, halved further as needed: at a space if there is one."""
    if len(sentence) < 2 or fits(sentence):
        yield sentence
        return
    space = sentence.rfind(" ", 1, len(sentence) // 2 + 1)
    cut = space + 1 if space > 0 else len(sentence) // 2
    yield from halve(sentence[:cut], fits)
    yield from halve(sentence[cut:], fits)
