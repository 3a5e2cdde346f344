"""The folder for a room without a network: what is in it, what is not, and how damage is noticed."""

import json
import subprocess
import sys

import pytest

from utils import classroom


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms") / "room"
    patch = pytest.MonkeyPatch()

    def one_small_wheel(folder, pip_options):
        (folder / classroom.WHEELHOUSE).mkdir()
        (folder / classroom.WHEELHOUSE / "a-1-py3-none-any.whl").write_bytes(b"wheel")

    patch.setattr(classroom, "fill_wheelhouse", one_small_wheel)
    classroom.build(folder, [])
    patch.undo()
    return folder


def test_learners_get_the_notebooks_and_not_the_solutions(room):
    names = {path.relative_to(room).as_posix() for path in room.rglob("*") if path.is_file()}
    assert "notebooks/03_rag_system.ipynb" in names and "data/adapters/reader/adapter_model.safetensors" in names
    assert not [name for name in names if "solutions" in name or "__pycache__" in name]
    assert not [name for name in names if name.startswith((".git", "tests", "build"))]


def test_the_learners_notebooks_do_not_link_to_solutions(room):
    lessons = sorted((room / "notebooks").glob("0[1-8]*.ipynb"))
    assert len(lessons) == 8
    for lesson in lessons:
        text = lesson.read_text(encoding="utf-8")
        assert "solutions/" not in text and "Your instructor has the solutions." in text
        assert json.loads(text)["nbformat"] == 4


def test_the_hand_out_is_one_page_with_the_committed_times(room):
    text = (room / classroom.HANDOUT).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert all(name in text for name in ("03_rag_system", "--no-index", classroom.SUMS))


def test_damage_is_noticed_by_name(room):
    assert classroom.damaged_files(room) == []
    path = room / "data" / "questions" / "facts.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    wheel = room / classroom.WHEELHOUSE / "a-1-py3-none-any.whl"
    wheel.unlink()
    assert classroom.damaged_files(room) == ["data/questions/facts.jsonl", "wheelhouse/a-1-py3-none-any.whl"]
    path.write_bytes(content)
    wheel.write_bytes(b"wheel")


def test_the_copy_can_check_itself_before_anything_is_installed(room):
    without_packages = "-S"
    done = subprocess.run(
        [sys.executable, without_packages, "-B", "-m", "utils.classroom", "--check"],
        cwd=room,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as they were built" in done.stdout


def test_a_folder_with_something_in_it_is_refused(room):
    with pytest.raises(FileExistsError, match="not empty"):
        classroom.copy_course(room)


def test_a_list_of_checksums_that_is_missing_or_damaged_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="was not built"):
        classroom.damaged_files(tmp_path)
    (tmp_path / classroom.SUMS).write_text("abc  file\n")
    with pytest.raises(ValueError, match="no checksum"):
        classroom.damaged_files(tmp_path)


def test_a_failing_pip_leaves_a_folder_that_is_seen_to_be_unfinished(tmp_path, monkeypatch):
    def fails(*arguments, **options):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(classroom.subprocess, "run", fails)
    with pytest.raises(subprocess.CalledProcessError):
        classroom.build(tmp_path / "room", [])
    with pytest.raises(FileNotFoundError):
        classroom.damaged_files(tmp_path / "room")
