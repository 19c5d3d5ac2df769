"""The import law of docs/architecture.md, held by reading every import statement, those inside functions included."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import ghostlib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ghostlib"
LAW = (
    *("errors", "strict", "config", "machine", "colab", "schemas", "corpus", "tasks", "models", "training", "inference"),
    *("charts", "markup", "show", "upload", "results", "notebooks", "cli"),
)
SHOWS = {"upload", "notebooks", "cli"}  # and nobody else displays anything
TORCHLESS = ("errors", "strict", "config", "machine", "colab", "schemas", "corpus", "tasks")
HEAVY = ("torch", "transformers", "trl", "peft", "bitsandbytes", "datasets", "unsloth", "accelerate")
BAGS = {"utils", "util", "common", "helpers", "helper", "base", "core", "manager", "misc", "tools"}
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [file for file in FILES if file.name not in ("__init__.py", "__main__.py")]


def dotted(file: Path) -> str:
    """`ghostlib.schemas.ddl` for a file of the package, `ghostlib.schemas` for its `__init__.py`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The part of the house that a module stands in; "" is `ghostlib/__init__.py`."""
    return (module.split(".") + [""])[1]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> set[str]:
    """Every module that a file imports anywhere in it, relative ones resolved, `from ghostlib import x` as `ghostlib.x`."""
    package = dotted(file) if file.name == "__init__.py" else dotted(file).rpartition(".")[0]
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{start}.{alias.name}" for alias in node.names} | {start}
    return found


def inside(names: set[str]) -> set[str]:
    return {room(name) for name in names if name.startswith("ghostlib.")}


def test_every_room_has_its_place_in_the_law():
    assert {room(dotted(file)) for file in FILES} - {"", "__main__"} == set(LAW)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_from_its_left(file):
    here = room(dotted(file))
    if here == "":
        assert imports(file) == set(), "`import ghostlib` imports nothing"
        return
    right = [other for other in inside(imports(file)) if other in LAW and LAW.index(other) > LAW.index(here)]
    assert not right, f"{here} imports {right}"


def test_only_the_notebooks_and_the_command_line_show_anything():
    showing = {room(dotted(file)) for file in FILES if "show" in inside(imports(file))}
    assert showing <= SHOWS | {"show"}, f"{showing - SHOWS} import show"


def test_schemas_corpus_and_tasks_never_import_torch():
    for file in FILES:
        if room(dotted(file)) in TORCHLESS:
            heavy = {name.split(".")[0] for name in imports(file)} & set(HEAVY)
            assert not heavy, f"{file.relative_to(ROOT)} imports {heavy}"


def test_importing_every_module_at_once_loads_no_torch_and_sets_nothing():
    operators = {"ghostlib.models.dora"}  # subclasses torch.autograd.Function; imported where an adapter is attached
    names = [dotted(file) for file in FILES if file.name != "__main__.py" and dotted(file) not in operators]
    program = (
        "import importlib, os, sys\n"
        "before = dict(os.environ)\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
        "changed = {k for k in {*before, *os.environ} if before.get(k) != os.environ.get(k)}\n"
        "assert not changed, changed\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]


def test_the_help_of_the_command_line_loads_no_torch_and_no_third_party_package():
    program = (
        "import sys\nfrom ghostlib import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        f"heavy = [name for name in (*{HEAVY!r}, 'numpy', 'PIL', 'pglast') if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
    assert "predict" in done.stdout


def test_no_file_is_a_bag_of_things():
    assert not [file for file in FILES if file.stem in BAGS]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_every_public_function_says_first_what_one_gets(file):
    places = [("", tree(file))]
    places += [(f"{node.name}.", node) for node in tree(file).body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    bare = [] if ast.get_docstring(tree(file)) else ["the module itself"]
    for owner, place in places:
        for node in place.body:
            plain = isinstance(node, ast.FunctionDef) and not node.decorator_list  # a property may be told by its name
            if plain and not node.name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{owner}{node.name}")
    assert not bare, f"{file.relative_to(ROOT)}: no docstring on {bare}"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_public_functions_tell_their_types(file):
    untyped = []
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            untyped += [f"{node.name}({argument.arg})" for argument in given if argument.annotation is None]
            untyped += [f"{node.name} ->"] if node.returns is None else []
    assert not untyped, untyped


def drawn(text: str) -> set[str]:
    """The paths that a map in the style of `ghostlib/__init__.py` names: `errors.py`, `schemas/ddl.py`, ..."""
    found, above = set(), {}
    for line in text.splitlines():
        if not re.match(r" +[\w/]+(\.py|/)( |$)", line):
            continue
        depth = len(line) - len(line.lstrip())
        above = {level: name for level, name in above.items() if level < depth}
        for word in line.split():
            if word.endswith("/"):
                above[depth] = word
                break
            if not word.endswith(".py"):
                break
            found.add("".join(above[level] for level in sorted(above)) + word)
    return found


def test_the_map_names_every_module_that_exists_and_no_other():
    there = {str(file.relative_to(PACKAGE)) for file in MODULES}
    named = drawn(ghostlib.__doc__)
    assert named - there == set(), "named, but not there"
    assert there - named == set(), "there, but not named"


def test_every_error_is_a_ghost_error_and_stands_in_the_tree_drawn_above_them():
    errors = importlib.import_module("ghostlib.errors")
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
    assert all(issubclass(kind, errors.GhostError) for kind in kinds)
    assert not [kind.__name__ for kind in kinds if kind.__name__ not in errors.__doc__]


def test_no_module_draws_upon_an_environment_that_only_its_author_has():
    found = [
        f"{file.relative_to(ROOT)}: {hit.group()}"
        for file in [*FILES, *ROOT.glob("configs/*.yaml"), ROOT / "Makefile", ROOT / "requirements.txt"]
        for hit in re.finditer(r"(?<![\w.])/(home|root|work|Users|mnt)/\w+", file.read_text(encoding="utf-8"))
    ]
    assert not found
