"""Versions stand in requirements.txt and nowhere else, and what is installed is what stands there."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^(?:#(?:gpu|gpu-alone|alone) )?([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s#;]+)$")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>! ;]", name.strip())[0]).lower()


PINS = {normal(found[1]): found[2] for line in LINES if (found := PIN.match(line))}
GPU = {normal(found[1]) for line in LINES if line.startswith("#gpu") and (found := PIN.match(line))}


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@pytest.mark.parametrize("name", sorted(set(PINS) - GPU))
def test_what_is_installed_is_what_is_pinned(name):
    version = installed(name)
    assert version is not None, f"{name} is pinned and not installed: run `make setup`"
    assert version.split("+")[0] == PINS[name], "another version than in requirements.txt: run `make setup`"


@pytest.mark.parametrize("name", sorted(GPU))
def test_what_is_installed_of_the_gpu_part_is_what_is_pinned(name):
    version = installed(name)
    if version is None:
        pytest.skip(f"{name} belongs to the GPU part and is not installed here")
    assert version.split("+")[0] == PINS[name]


def test_every_line_is_a_pin_or_words():
    wrong = [line for line in LINES if line and not PIN.match(line) and not re.match(r"# ", line)]
    assert not wrong, "neither name==version, nor `#gpu name==version`, nor `#alone name==version`, nor a comment"


def test_no_package_is_pinned_twice():
    names = [normal(found[1]) for line in LINES if (found := PIN.match(line))]
    assert len(names) == len(set(names))


def test_every_name_in_the_extras_has_its_version_in_requirements():
    extras = PROJECT["project"]["optional-dependencies"]
    names = [*PROJECT["project"]["dependencies"], *(name for extra in extras.values() for name in extra)]
    assert {normal(name) for name in names} - set(PINS) == set()


def test_the_extras_carry_no_versions_of_their_own():
    extras = PROJECT["project"]["optional-dependencies"]
    assert not [name for extra in extras.values() for name in extra if re.search(r"[=<>~!]", name)]


def test_the_extra_for_colab_asks_for_nothing_that_colab_keeps():
    from ghostlib import colab

    names = [normal(name) for name in PROJECT["project"]["optional-dependencies"]["colab"]]
    assert not [name for name in names if colab.owned(name)]


def test_unsloth_is_installed_alone_and_never_with_its_dependencies():
    assert [line for line in LINES if line.startswith("#gpu-alone unsloth==")]
    assert not [line for line in LINES if re.match(r"(#gpu )?unsloth", line)]


def test_xgrammar_is_installed_alone_since_it_would_bring_triton():
    assert [line for line in LINES if line.startswith("#alone xgrammar==")]
    assert not [line for line in LINES if re.match(r"(#gpu )?(xgrammar|triton)", line)]


def test_the_version_of_the_package_is_said_once_and_repeated_truly():
    import ghostlib

    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert ghostlib.__version__ == PROJECT["project"]["version"]
    assert f"## {ghostlib.__version__}" in changes


def test_no_file_of_versions_names_a_place_to_install_from():
    text = "\n".join([*LINES, (ROOT / "pyproject.toml").read_text(encoding="utf-8")])
    assert not re.search(r"index-url|find-links|simple/|file://", text)
