"""The checks of notebook 00, each made to pass and to fail, and the estimate of the notebooks' minutes."""

import math

import pytest

from utils.machine import CheckLine, check_machine, checks_text, estimate_minutes, measure_speed, read_timings
from utils.machine.checks import (
    check_cores,
    check_disk,
    check_gpu,
    check_memory,
    check_models,
    check_packages,
    check_precision,
    check_python,
    course_requirements,
    guarded,
)
from utils.machine.probes import converted_generator, free_disk, precision_in_use, usable_cores
from utils.models.weights import CACHE_VARIABLE, GENERATOR_WEIGHTS, PackagedWeights, converted_folder, file_sha256


def own_package(tmp_path, monkeypatch, sha256: str | None = None) -> PackagedWeights:
    """Return weights in a package of the test's own: the right ones, or with the given SHA-256 expected."""
    package = tmp_path / "tiny_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "weights.bin").write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    return PackagedWeights(
        "tiny-weights", "tiny_weights", "weights.bin", sha256 or file_sha256(package / "weights.bin")
    )


def test_there_is_one_line_for_each_thing_and_advice_only_where_it_is_needed():
    lines = check_machine()
    names = ["Python", "packages", "memory", "disk", "processor", "number format", "GPU", "models"]
    assert [line.name for line in lines] == names
    assert all(line.found and line.ok == (line.advice == "") for line in lines)


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10, 14), False), ((3, 11, 0), True), ((3, 14, 2), True), ((4, 0, 0), True)]
)
def test_python(version, ok):
    line = check_python(version)
    assert line.ok == ok and line.found == ".".join(map(str, version))
    assert ("Install Python 3.11" in line.advice) != ok


@pytest.mark.parametrize("check", [check_memory, check_disk])
def test_what_is_counted_in_bytes_says_how_much_there_is_and_is_needed(check):
    assert check(64e9) == CheckLine(check(64e9).name, True, "64.0 GB free")
    line = check(0.25e9)
    assert not line.ok and line.advice and line.found.startswith("0.2 GB free, ") and line.found.endswith("are needed")


def test_the_limits_are_4_gigabytes_of_memory_and_one_and_a_half_of_disk():
    assert check_memory(4e9).ok and not check_memory(3.99e9).ok
    assert check_disk(1.5e9).ok and not check_disk(1.49e9).ok


def test_cores():
    assert check_cores(2) == CheckLine("processor", True, "2 cores")
    line = check_cores(1)
    assert not line.ok and line.found == "1 core" and "half as fast" in line.advice


def test_a_slow_number_format_and_no_gpu_are_no_failures():
    assert check_precision("bfloat16").found == "bfloat16"
    assert check_precision("float32").ok and "would be faster" in check_precision("float32").found
    assert check_gpu(None).ok and "none is needed" in check_gpu(None).found
    assert check_gpu("Tesla T4") == CheckLine("GPU", True, "Tesla T4")


def test_packages_that_are_missing_or_out_of_range_are_named_with_the_command_that_mends_it():
    installed = {"torch": "2.13.0+cpu", "numpy": "1.26.4", "tqdm": "4.70.1"}
    requirements = 'torch>=2.9,<3\nnumpy>=2.0  # arrays\npeft>=0.20\n# none\n\nolder>=1; python_version < "3"\ntqdm\n'
    line = check_packages(requirements, installed.get)
    assert not line.ok and line.found == "numpy 1.26.4 is not >=2.0; peft is missing"
    assert "pip install --requirement requirements.txt" in line.advice
    assert check_packages("torch>=2.9,<3\ntqdm\n", installed.get).found.startswith("all 2 are installed")


def test_a_version_before_its_release_counts_by_its_number():
    assert check_packages("torch>=2.9,<3", {"torch": "2.12.0.dev20260301+cu130"}.get).ok
    assert not check_packages("torch>=2.9,<3", {"torch": "3.0.1"}.get).ok


def test_a_package_that_is_not_installed_is_found_missing_by_the_real_look():
    assert check_packages("no-such-package-of-vesper>=1").found == "no-such-package-of-vesper is missing"


def test_models_not_installed(tmp_path):
    missing = PackagedWeights("no-weights", "no_weights_of_vesper", "weights.bin", "0" * 64)
    line = check_models([missing], tmp_path)
    assert line.found == "no-weights is not installed" and line.advice.endswith("requirements-models.txt")


def test_models_damaged(tmp_path, monkeypatch):
    line = check_models([own_package(tmp_path, monkeypatch, sha256="0" * 64)], tmp_path)
    assert not line.ok and line.found.startswith("tiny-weights is damaged")
    assert line.advice.endswith("--force-reinstall")


def test_models_installed_before_and_after_they_are_prepared(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    weights = own_package(tmp_path, monkeypatch)
    before = check_models([weights], tmp_path / "cache" / "nothing")
    assert before.ok and "will be prepared in about half a minute" in before.found
    folder = converted_folder(weights, lambda source, folder: (folder / "model").write_bytes(source.read_bytes()))
    after = check_models([weights], folder)
    assert after.ok and "in the cache" in after.found


def test_the_generator_is_looked_for_where_it_is_converted_to(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    made = converted_folder(GENERATOR_WEIGHTS, lambda source, folder: (folder / "model").touch())
    assert converted_generator() == made


def test_the_disk_of_a_folder_that_does_not_exist_yet_is_that_of_its_parent(tmp_path):
    assert free_disk(tmp_path / "not" / "yet" / "there") > 0
    assert not (tmp_path / "not").exists()


def test_this_machine_has_a_core_and_a_number_format(monkeypatch):
    assert usable_cores() >= 1
    monkeypatch.setenv("RETRIEVE_OR_TUNE_PRECISION", "float16")
    assert precision_in_use() == "float16"


def test_a_wrong_precision_setting_is_a_line_with_advice(monkeypatch):
    monkeypatch.setenv("RETRIEVE_OR_TUNE_PRECISION", "int3")
    line = next(line for line in check_machine() if line.name == "number format")
    assert not line.ok and "'int3'" in line.advice and "float32" in line.advice


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (PermissionError(13, "Permission denied", "/home/ada/.cache"), "cannot be checked: Permission denied"),
        (
            ModuleNotFoundError("No module named 'psutil'", name="psutil"),
            "cannot be checked: psutil cannot be imported",
        ),
        (OSError("/home/ada/.cache is odd"), "cannot be checked: OSError"),
    ],
)
def test_a_check_that_fails_itself_becomes_a_line_without_machine_paths(error, found):
    def fail():
        raise error

    line = guarded("disk", fail)
    assert (line.name, line.ok, line.found) == ("disk", False, found)
    assert line.advice and "/home" not in checks_text([line])


def test_the_lines_are_aligned_and_say_what_to_do():
    lines = [CheckLine("Python", True, "3.11.2"), CheckLine("memory", False, "2.1 GB free", "Close other programs.")]
    assert checks_text([*lines, CheckLine("number format", True, "float32")]).splitlines() == [
        "✓ Python         3.11.2",
        "✗ memory         2.1 GB free",
        "                 → Close other programs.",
        "✓ number format  float32",
    ]


def test_long_lines_are_wrapped_at_110_columns():
    line = CheckLine("packages", False, "; ".join(f"package{n} is missing" for n in range(20)), "Install it. " * 20)
    shown = checks_text([line]).splitlines()
    assert len(shown) > 4 and max(map(len, shown)) <= 110
    assert all(row.startswith(" " * len("✗ packages  ")) for row in shown[1:])
    assert checks_text([]) == ""


def test_speed_is_a_positive_number():
    speed = measure_speed(0.2)
    assert speed > 0 and math.isfinite(speed)


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_no_time_to_measure_in_is_refused(seconds):
    with pytest.raises(ValueError, match="give a positive number"):
        measure_speed(seconds)


def test_a_machine_of_half_the_speed_takes_twice_as_long():
    timings = {"machine": {"gflops": 100.0}, "notebooks": {"01": {"seconds": 60.0}, "02": {"seconds": 90.0}}}
    assert estimate_minutes(100.0, timings) == pytest.approx({"01": 1.0, "02": 1.5})
    assert estimate_minutes(50.0, timings) == pytest.approx({"01": 2.0, "02": 3.0})


def test_an_estimate_needs_both_speeds():
    with pytest.raises(ValueError, match="make outputs"):
        estimate_minutes(50.0, {"machine": {"cores": 2}, "notebooks": {}})
    for speed in (0.0, math.nan):
        with pytest.raises(ValueError, match="measure_speed"):
            estimate_minutes(speed, {"machine": {"gflops": 100.0}, "notebooks": {}})


def test_timings_are_read_and_a_missing_file_says_what_writes_it(tmp_path):
    assert "02_retrieval" in read_timings()["notebooks"]
    with pytest.raises(FileNotFoundError, match="make outputs"):
        read_timings(tmp_path / "timings.json")


def test_colabs_own_kernel_is_not_asked_for():
    assert "ipykernel" in course_requirements(False) and "faiss-cpu" in course_requirements(True)
    assert "ipykernel" not in course_requirements(True)
