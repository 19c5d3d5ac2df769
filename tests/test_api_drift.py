"""Every name and keyword that this package hands to the training libraries exists in the versions that are installed."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ghostlib"
LIBRARIES = ("trl", "transformers", "peft", "bitsandbytes", "datasets", "safetensors", "accelerate")
# What from_pretrained hands on through **kwargs; a test below shows that it arrives
HANDED_ON = {"from_pretrained": {"dtype", "quantization_config", "attn_implementation", "device_map"}}


def imported(tree):
    """Local name -> (module, name) of everything that a file imports from the libraries, functions' own imports too."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in LIBRARIES:
            for alias in node.names:
                found[alias.asname or alias.name] = (node.module, alias.name)
    return found


def calls():
    """(file, line, module, dotted name, keywords) of each call on something that is imported from a library."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = imported(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            root, path = node.func, []
            while isinstance(root, ast.Attribute):
                path.insert(0, root.attr)
                root = root.value
            if isinstance(root, ast.Name) and root.id in names:
                module, name = names[root.id]
                keywords = [keyword.arg for keyword in node.keywords if keyword.arg]
                yield pytest.param(module, [name, *path], keywords, id=f"{file.stem}:{node.lineno}:{'.'.join([name, *path])}")


CALLS = list(calls())


def resolve(module, path):
    value = importlib.import_module(module)
    for name in path:
        try:
            value = getattr(value, name)
        except AttributeError:
            if path[0] != name:
                raise
            value = importlib.import_module(f"{module}.{name}")
    return value


def accepted(target):
    """The names of the parameters, and whether any other keyword is taken too."""
    parameters = inspect.signature(target).parameters
    return set(parameters), any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def test_the_calls_that_matter_are_seen():
    seen = {param.values[1][0] for param in CALLS}
    assert {"SFTConfig", "SFTTrainer", "LoraConfig", "BitsAndBytesConfig", "PeftModel"} <= seen


def read_anywhere(kind, word):
    """Whether a class that takes any keyword (a config, a tokenizer) or the model code beside it knows this one."""
    for parent in kind.__mro__:
        if parent.__module__.split(".")[0] in LIBRARIES:
            for file in Path(inspect.getfile(parent)).parent.glob("*.py"):
                if re.search(rf"\b{word}\b", file.read_text(encoding="utf-8")):
                    return True
    return False


@pytest.mark.parametrize(("module", "path", "keywords"), CALLS)
def test_every_keyword_that_is_passed_exists_in_the_installed_version(module, path, keywords):
    target = resolve(module, path)
    if not keywords:
        return
    names, open_ended = accepted(target)
    unknown = set(keywords) - names
    # a model's config keeps any keyword though its signature does not say so
    if inspect.isclass(target) and (open_ended or "configuration_" in target.__module__):
        unknown = {word for word in unknown if not read_anywhere(target, word)}
    elif open_ended:
        unknown -= HANDED_ON.get(path[-1], set())
    assert not unknown, f"{'.'.join(path)} does not know {unknown}"


def test_a_misspelt_keyword_is_caught_even_where_any_is_taken():
    from transformers import BitsAndBytesConfig

    assert read_anywhere(BitsAndBytesConfig, "bnb_4bit_use_double_quant")
    assert not read_anywhere(BitsAndBytesConfig, "bnb_4bit_use_dubble_quant")


def test_the_arguments_of_loading_a_model_reach_it_and_are_not_swallowed(tiny_nano):
    """from_pretrained takes **kwargs; what it does not use itself would raise in the model's constructor."""
    import torch
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(
        tiny_nano, dtype=torch.float32, attn_implementation="sdpa", device_map=None, quantization_config=None
    )
    assert model.dtype == torch.float32 and model.config._attn_implementation == "sdpa"
    with pytest.raises(TypeError):
        AutoModelForImageTextToText.from_pretrained(tiny_nano, no_such_argument=1)


def test_the_callbacks_that_are_overridden_are_called_by_the_installed_trainer():
    from transformers import TrainerCallback

    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in (PACKAGE / "training").glob("*.py")]
    events = [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    events = [name for name in events if name.startswith("on_")]
    assert len(events) >= 5 and all(hasattr(TrainerCallback, name) for name in events)
