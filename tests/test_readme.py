"""README and docs: every link leads somewhere, every command exists, and every number is one that a run produced."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ghostlib import notebooks
from ghostlib.inference import figures

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]
# <!-- number: ui2sql tuned.schema_score.mean -->0.42 and <!-- number: ui2sql n percent -->: task, place in metrics.json
MARKER = re.compile(r"<!-- number: (\S+) (\S+)( percent)? -->\s*\**(-?[\d,]*\.?\d+)")
page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text(page: Path) -> str:
    assert page.is_file(), f"{page.name} is not written yet"
    return page.read_text(encoding="utf-8")


def told(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", told(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@cache
def metrics(task: str) -> dict:
    return json.loads((ROOT / "docs" / "results" / task / "metrics.json").read_text(encoding="utf-8"))


@page_by_page
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"(?:\]\(|src=\"|href=\")(?!https?:|mailto:)([^)\"\s]*)", told(page))
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leads out of the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name}: no heading for {link}"


@page_by_page
def test_every_file_that_is_named_in_the_text_exists(page):
    if page.name == "CHANGELOG.md":
        return  # it tells what once was
    named = re.findall(r"`((?:ghostlib|tests|configs|docs|data|notebooks)/[\w./-]+)`", told(page))
    missing = [name for name in named if not (ROOT / name).exists() and "data/nano/tuned" not in name]
    assert not missing


@cache
def commands() -> set[str]:
    help_text = subprocess.run(
        [sys.executable, "-m", "ghostlib.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"^ {2,4}([a-z]+)\b", help_text, flags=re.MULTILINE))


@page_by_page
def test_every_command_that_is_named_exists(page):
    named = set(re.findall(r"(?:`|^\s*|\$ )ghost ([a-z]+)\b", text(page), flags=re.MULTILINE))
    assert named <= commands(), f"{page.name}: {named - commands()}"


@page_by_page
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^\s*|\$ )make ([a-z-]+)\b(?= |`|$)", text(page), flags=re.MULTILINE))
    assert named <= targets, f"{page.name}: {named - targets}"


@page_by_page
def test_every_marked_number_is_the_one_that_the_committed_run_found(page):
    for task, place, percent, shown in MARKER.findall(text(page)):
        value = metrics(task)
        for key in place.split("."):
            assert key in value, f"{page.name}: docs/results/{task}/metrics.json has no {place}"
            value = value[key]
        digits = len(shown.partition(".")[2])
        expected = f"{value * (100 if percent else 1):.{digits}f}"
        assert shown.replace(",", "") == expected, f"{page.name}: {task} {place} is {value}"


@page_by_page
def test_no_page_tells_of_the_machine_it_was_written_on(page):
    assert not re.findall(r"(?<![\w.])/(?:work|tmp|root|home)/\w+", text(page))


def test_no_marker_was_misspelt():
    for page in PAGES:
        assert len(re.findall(r"<!--\s*number", text(page))) == len(MARKER.findall(text(page))), page.name


def test_the_readme_carries_the_five_badges_and_nothing_else_in_their_place():
    readme = text(ROOT / "README.md")
    for name in notebooks.NAMES:
        assert notebooks.badge(name) in readme, f"no badge for {name}: copy it from notebooks.badge"
    assert readme.count(notebooks.BADGE) == len(notebooks.NAMES)


def test_the_readme_names_the_two_commands_the_picture_and_the_licence_of_the_weights():
    readme = text(ROOT / "README.md")
    assert "make run" in readme and "make test" in readme
    assert re.search(r"!\[[^\]]*\]\([^)]+\.png\)|<img [^>]*src=\"[^\"]+\.png\"", readme)
    assert "Gemma" in readme and "MIT" in readme


def test_the_readmes_table_of_results_is_the_committed_run_with_its_intervals():
    found = metrics("ui2sql")
    columns = figures.series(found).values()
    seen = set()
    for line in text(ROOT / "README.md").splitlines():
        name, *cells = [cell.strip() for cell in re.sub(r"<!--.*?-->", "", line).strip().strip("|").split("|")]
        metric = name.strip("`* ").lower().replace(" ", "_")
        if metric not in found["base"] or len(cells) != len(columns):
            continue
        seen.add(metric)
        for cell, column in zip(cells, columns, strict=True):
            numbers = re.findall(r"\d+(?:\.\d+)?", cell)
            known = column[metric]
            factor = 100 if "%" in cell else 1
            allowed = {f"{known[key] * factor:.{len(n.partition('.')[2])}f}" for key in known for n in numbers}
            assert len(numbers) == 3, f"{metric}: a mean without its interval says little: {cell}"
            assert set(numbers) <= allowed, f"{metric}: {cell} against {known}"
    assert {"schema_score", "validity"} <= seen


def test_the_address_of_the_project_is_the_one_in_pyproject_everywhere():
    for page in PAGES:
        for address in re.findall(r"github\.com/([\w-]+/[\w-]+)", told(page)):
            if "ghost" in address:
                assert notebooks.address().endswith(address), f"{page.name}: {address}"
