"""Real text that is on every machine: the docstrings of the installed scientific packages.

The summary line of a docstring and the body below it make a free labelled pair: whoever searches with the summary
should find the body. The text stays under the licences of its packages and is read where it lies, never copied here.
"""

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGES = (
    *("numpy", "scipy", "pandas", "sklearn", "matplotlib", "networkx", "sympy", "mpmath", "PIL", "pyarrow", "faiss"),
    *("torch", "transformers", "sentence_transformers", "datasets", "peft", "accelerate", "huggingface_hub"),
)


@dataclass(frozen=True)
class DocstringPair:
    """The two parts of one docstring, under the dotted name of the module, class or function that it describes."""

    name: str
    summary: str  # the first paragraph, as one line
    body: str  # everything below it


def load_docstrings(limit: int | None = None, *, packages: Sequence[str] = PACKAGES) -> list[DocstringPair]:
    """Return the first `limit` docstrings (default: all) that have a summary and a body, found by reading source files.

    Nothing is imported. The order is that of `packages` and, within one, of file paths and of lines, so it depends only
    on the installed versions. A docstring whose name, summary or body came before is left out, so each summary has one
    right body. Packages that are not installed are passed over; raises FileNotFoundError when none of them is, and
    ValueError for a limit below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least one docstring.")
    folders = [folder for folder in map(package_folder, packages) if folder]
    if not folders:
        raise FileNotFoundError(f"None of these packages is installed: {', '.join(packages)}.")
    pairs: list[DocstringPair] = []
    seen: set[str] = set()
    for pair in (pair for folder in folders for pair in package_docstrings(folder)):
        marks = {pair.name, pair.summary, " ".join(pair.body.split())}
        if seen.isdisjoint(marks):
            pairs.append(pair)
            seen |= marks
        if len(pairs) == limit:
            break
    return pairs


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package, found without importing it, or None."""
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def package_docstrings(folder: Path) -> Iterator[DocstringPair]:
    """Yield the docstrings of a package's source files, those of its tests left out."""
    for path in sorted(folder.rglob("*.py")):
        module = path.relative_to(folder.parent).with_suffix("")
        if "tests" not in module.parts:
            yield from module_docstrings(path, ".".join(module.parts).removesuffix(".__init__"))


def module_docstrings(path: Path, name: str) -> Iterator[DocstringPair]:
    """Yield the docstrings of one source file; nothing when Python cannot read it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    yield from node_docstrings(tree, name)


def node_docstrings(node: ast.AST, name: str) -> Iterator[DocstringPair]:
    """Yield the docstring of a module, class or function, then those of the definitions in it."""
    summary, _, body = (ast.get_docstring(node) or "").partition("\n\n")
    if summary.strip() and body.strip():
        yield DocstringPair(name, " ".join(summary.split()), body.strip())
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from node_docstrings(child, f"{name}.{child.name}")
