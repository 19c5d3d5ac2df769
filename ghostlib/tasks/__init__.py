"""What a model can be asked. A task is a module here; everything else knows it by its name in the config alone.

A task module offers:
    examples(config, phase, split) -> list[Example]   phase "text" or "vision"; split "train" or "validation"
    ask(config, picture) -> Example                   a question about a stranger's picture, without an answer
    parse(text) -> str                                the answer inside a model's text
    by_rule(text) -> str                              the answer that a rule makes of an untrained model's text; "" for none
    score(answers, examples) -> list[Score]           one value an example, with .as_dict()
    aggregate(scores, *, seed) -> dict                metric -> {"mean", "low", "high"}; the first one ranks models
"""

import importlib
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from ghostlib.errors import ConfigError


@dataclass(frozen=True)
class Example:
    """One question to a model, and its answer where that is known."""

    id: str
    prompt: str
    image: Path | None = None  # the picture as it lies on disk; letterboxed when it is used
    completion: str = ""
    group: dict[str, Any] = field(default_factory=dict)  # what results are grouped by: archetype, domain, tables


def named(task: str) -> ModuleType:
    """The module of a task. Raises ConfigError with the tasks that exist."""
    known = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if task not in known:
        raise ConfigError(f"task {task}: does not exist. There are: {', '.join(known)}")
    return importlib.import_module(f"{__name__}.{task}")


def messages(example: Example, *, answer: bool = False) -> list[dict[str, Any]]:
    """The example as chat messages in the shape of transformers: one user turn, and the model's where `answer`."""
    content: list[dict[str, Any]] = [{"type": "image"}] if example.image else []
    turns = [{"role": "user", "content": [*content, {"type": "text", "text": example.prompt}]}]
    if answer:
        turns.append({"role": "assistant", "content": [{"type": "text", "text": example.completion}]})
    return turns
