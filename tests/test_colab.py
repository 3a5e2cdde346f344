"""The set-up cell of every notebook, here and in a stand-in for Colab, and what it installs."""

import subprocess
import sys
from importlib.metadata import version

import nbformat
import pytest

from utils import badges, colab
from utils.course import NOTEBOOKS_FOLDER
from utils.data import DATA_FOLDER

ROOT = DATA_FOLDER.parent
PATHS = sorted(NOTEBOOKS_FOLDER.glob("**/[0-9]*.ipynb"))
IN_COLAB = """
import sys
import types

sys.modules["google.colab"] = types.ModuleType("google.colab")
exec(compile(open(sys.argv[1], encoding="utf-8").read(), "set-up", "exec"))
from utils.metrics import exact_match

print(ROOT.name, exact_match("lanolin", ["lanolin"]))
"""


def set_up(path):
    return next(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")


def test_all_notebooks_have_the_same_set_up_cell():
    assert len(PATHS) >= 17 and len({set_up(path) for path in PATHS}) == 1


def test_badges_and_set_up_cells_agree_on_one_address():
    sources = {path: "\n".join(c.source for c in nbformat.read(path, as_version=4).cells) for path in PATHS}
    for path, source in sources.items():
        badge = f"/blob/main/{path.relative_to(ROOT).as_posix()})"
        assert path.parent.name == "solutions" or badge in source
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = set.union(badges.addresses(readme), *(badges.addresses(source) for source in sources.values()))
    assert len(found) == 1


def test_the_set_up_cell_works_in_colab_in_an_empty_folder(tmp_path):
    """A copy of the committed files stands in for the address; pip finds everything installed, and says nothing."""
    served, empty = tmp_path / "served", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", str(served)], check=True)
    (tmp_path / "cell.py").write_text(set_up(PATHS[1]), encoding="utf-8")
    (tmp_path / "colab.py").write_text(IN_COLAB, encoding="utf-8")
    address = badges.SET_UP_ADDRESS.search(set_up(PATHS[1]))[0]
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{served}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{address}",
        "PIP_NO_INDEX": "1",
        "PATH": "/usr/bin:/bin",
    }
    for _ in range(2):  # the second time the folder is there already
        done = subprocess.run(
            [sys.executable, str(tmp_path / "colab.py"), str(tmp_path / "cell.py")],
            cwd=empty,
            env=redirect,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "retrieve-or-tune 1.0"


def test_the_kernels_own_packages_are_left_alone():
    lines = colab.wanted("# why\njupyterlab>=4.4\nipykernel>=6\ntorch>=2.9,<3  # big\n\nfaiss-cpu>=1.12\n")
    assert lines == ["torch>=2.9,<3", "faiss-cpu>=1.12"]
    with pytest.raises(ValueError, match="'>=3'"):
        colab.wanted(">=3")


def test_torch_and_numpy_are_held_where_they_are():
    assert colab.held() == f"torch=={version('torch')}\nnumpy=={version('numpy')}\n"
    assert colab.held(("a-package-that-nobody-has",)) == ""


def test_pip_is_asked_for_the_missing_with_the_constraints(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(colab, "pip", lambda *arguments: asked.append(arguments))
    colab.main()
    first, second = asked
    assert first[0] == "--constraint" and any(line.startswith("faiss-cpu") for line in first)
    assert "--require-hashes" in second and "--no-deps" in second
    assert "Installing" in capsys.readouterr().out


def test_an_address_is_stamped_into_badges_and_set_up_cells(tmp_path, monkeypatch):
    (tmp_path / "solutions").mkdir()
    for name in ("01_embeddings.ipynb", "solutions/01_embeddings.ipynb"):
        (tmp_path / name).write_bytes((NOTEBOOKS_FOLDER / name).read_bytes())
    readme = tmp_path / "README.md"
    readme.write_text((ROOT / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(badges, "NOTEBOOKS_FOLDER", tmp_path)
    monkeypatch.setattr(badges, "README_FILE", readme)
    assert badges.stamp("ada/a.course_1") == 3
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            assert badges.addresses(path.read_text(encoding="utf-8").replace('\\"', '"')) == {"ada/a.course_1"}
    before, after = (
        nbformat.read(folder / "01_embeddings.ipynb", as_version=4) for folder in (NOTEBOOKS_FOLDER, tmp_path)
    )
    assert [c.get("outputs") for c in before.cells] == [c.get("outputs") for c in after.cells]


@pytest.mark.parametrize("name", ["", "ada", "ada/one/two", "https://github.com/ada/one", 'a"/b'])
def test_a_malformed_address_is_refused(name):
    with pytest.raises(ValueError, match="owner/name"):
        badges.stamp(name)
