"""The five notebooks: their shape, the one install cell, and that every name they call exists and takes what it is given."""

import ast
import importlib
import inspect
import sys
from pathlib import Path

import nbformat
import pytest

from ghostlib import notebooks

ROOT = Path(__file__).resolve().parents[1]
NAMES = (
    "01_environment_check",
    "02_trinity_text_training",
    "03_gemini_dataset_generation",
    "04_vision_training",
    "05_evaluation_and_gguf_export",
)
HEAD = ("Question", "Reads", "Writes", "Needs", "Minutes")
each = pytest.mark.parametrize("name", NAMES)


def page(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def codes(name):
    return [cell for cell in page(name).cells if cell.cell_type == "code"]


def program(name):
    return ast.parse("\n".join(cell.source for cell in codes(name)))


def names_of(name):
    """What each imported name of a notebook stands for: a module of ghostlib, a function in one, or a stdlib module."""
    found = {}
    for node in ast.walk(program(name)):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                try:
                    value = importlib.import_module(f"{node.module}.{alias.name}")
                except ModuleNotFoundError:
                    value = getattr(importlib.import_module(node.module), alias.name)
                found[alias.asname or alias.name] = value
    return found


def test_there_are_these_five_and_the_runner_knows_them_in_this_order():
    assert notebooks.NAMES == NAMES
    assert {file.stem for file in (ROOT / "notebooks").glob("*.ipynb")} == set(NAMES)


@each
def test_a_notebook_is_valid_and_opens_on_a_gpu_in_colab(name):
    made = page(name)
    nbformat.validate(made)
    assert made.metadata["accelerator"] == "GPU"
    assert made.metadata["colab"]["gpuType"] == "T4"
    assert made.metadata["kernelspec"]["name"] == "python3"


@each
def test_a_notebook_is_short_and_its_cells_hold_one_idea(name):
    cells = codes(name)
    assert len(cells) <= 15
    long = [cell.source.splitlines()[0] for cell in cells if len(cell.source.splitlines()) > 12]
    assert not long, "a cell of more than 12 lines"
    assert not [cell for cell in cells if not cell.source.strip()], "an empty cell"


@each
def test_no_notebook_defines_anything_or_calls_the_shell(name):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(program(name)) if isinstance(node, kinds)]
    lines = [line for cell in codes(name) for line in cell.source.splitlines()]
    assert not [line for line in lines if line.lstrip().startswith(("!", "%"))]


@each
def test_it_opens_with_title_badge_and_the_five_facts(name):
    first = page(name).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith(f"# {name[:2]} · ")
    assert notebooks.badge(name) in first.source
    assert [word for word in HEAD if f"**{word}**" not in first.source] == []


@each
def test_the_badge_leads_to_this_notebook_at_the_address_in_pyproject(name):
    place = notebooks.address().removeprefix("https://github.com/").rstrip("/")
    assert f"https://colab.research.google.com/github/{place}/blob/main/notebooks/{name}.ipynb" in notebooks.badge(name)


def test_the_install_cell_is_the_same_to_the_byte_in_all_five():
    assert {codes(name)[0].source for name in NAMES} == {notebooks.install_cell()}


@each
def test_the_one_cell_of_parameters_stands_right_after_the_install_cell(name):
    tagged = [number for number, cell in enumerate(codes(name)) if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == [1]
    source = codes(name)[1].source
    assert "GHOST_PROFILE" in source and "GHOST_SCALE" in source, "nbval passes no parameters but the environment's"


@each
def test_it_imports_only_ghostlib_and_the_standard_library(name):
    roots = set()
    for node in ast.walk(program(name)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.split(".")[0])
    assert roots - {"ghostlib"} <= set(sys.stdlib_module_names), roots


@each
def test_every_name_that_it_takes_from_a_module_exists_there(name):
    known = names_of(name)
    missing = [
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(program(name))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if inspect.ismodule(known.get(node.value.id)) and not hasattr(known[node.value.id], node.attr)
    ]
    assert not missing


@each
def test_every_function_that_it_calls_takes_what_it_is_given(name):
    known, wrong = names_of(name), []
    for call in (node for node in ast.walk(program(name)) if isinstance(node, ast.Call)):
        if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
            continue
        module = known.get(call.func.value.id)
        function = getattr(module, call.func.attr, None) if inspect.ismodule(module) else None
        ours = getattr(function, "__module__", "") or ""
        if not ours.startswith("ghostlib") or any(isinstance(given, ast.Starred) for given in call.args):
            continue
        try:
            inspect.signature(function).bind(*call.args, **{word.arg: word.value for word in call.keywords if word.arg})
        except TypeError as error:
            wrong.append(f"{ast.unparse(call)}: {error}")
    assert not wrong


@each
def test_it_was_executed_from_top_to_bottom_without_an_error(name):
    cells = codes(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run `make notebooks`"
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@each
def test_its_saved_outputs_name_no_folder_of_the_machine_that_made_them(name):
    shown = "".join(str(cell.outputs) for cell in codes(name))
    assert str(ROOT) not in shown and str(Path.home()) + "/" not in shown
    assert not [sign for sign in ("/tmp/", "hf_", "AIza") if sign in shown]


@each
def test_every_notebook_it_links_to_is_there(name):
    import re

    text = "\n".join(cell.source for cell in page(name).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (ROOT / "notebooks" / target).exists(), target


def test_stamping_twice_changes_nothing():
    for name in NAMES:
        made = page(name)
        notebooks.stamp(made, name)
        assert made == page(name)
