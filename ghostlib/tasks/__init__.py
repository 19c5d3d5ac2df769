"""What a model can be asked. A task is a module here; everything else knows it by its name in the config alone.

A task module offers:
    examples(config, phase, split) -> list[Example]   a phase of TERMS; split "train" or "validation"
    parse(text) -> str                                the answer inside a model's text
    by_rule(text) -> str                              the answer that a rule makes of an untrained model's text; "" for none
    score(answers, examples) -> list[Score]           one value an example; its .as_dict() begins with the
                                                      number that ranks answers, and has "valid"
    trial() -> list[str]                              the judge at work on a right and a wrong answer, in lines
    aggregate(scores, *, seed) -> dict                metric -> {"mean", "low", "high"}; the first one ranks models
and where it has them:
    TERMS                                             how it is spoken of, and its phases; else text and vision
    listed(question) -> Example                       the question for a plain list, of which by_rule makes an answer
    ask(config, picture) -> Example                   a question about a stranger's picture, without an answer
    question(config, words) -> Example                a question in words, without an answer
    golds(config, split) -> list[Example]             ids, answers and groups alone, to score anybody's predictions
    preferences(config, split) -> list[Preference]    what the phase "preference" learns from
    constraint(config) -> dict                        a JSON Schema that an answer is decoded by
    check(text) -> list[str]                          what is wrong with an answer, a line each
    repair(answer, problem) -> Example                a refused schema with the judge's words: write it so that it holds
    outlined(text) -> str                             the answer by rule of the outline that a text begins with; "" for none
    change(answer, wish) -> Example                   the schema so far with a request: write it as it is then
A package may have a module `command`, its own part of the command line, of which any function may be lacking:
    scoring(group), asking(group)                     its options of `ghost evaluate`, and of `ghost ask`
    predictions(config, chosen) -> int                scores a file of predictions
    ask(config, chosen, model) -> int                 answers questions; `model` makes a text of an Example
"""

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ghostlib.errors import ConfigError


@dataclass(frozen=True)
class Example:
    """One question to a model, and its answer where that is known."""

    id: str
    prompt: str
    image: Path | bytes | None = None  # the picture's file, or what was in it; letterboxed when it is used
    completion: str = ""
    group: dict[str, Any] = field(default_factory=dict)  # what results are grouped by: archetype, domain, tables
    lines: tuple[Any, ...] = ()  # a stranger's picture only: what is written on it (reading.Line) ...
    size: tuple[int, int] = (0, 0)  # ... and its width and height in pixels
    outline: str = ""  # what the model shall write before the answer, a blank line between the two

    @property
    def taught(self) -> str:
        """All that the model shall write."""
        return f"{self.outline}\n\n{self.completion}" if self.outline else self.completion


@dataclass(frozen=True)
class Preference:
    """One question with the answer to prefer and one that has a fault."""

    id: str
    prompt: str
    chosen: str
    rejected: str
    fault: str  # its name


@dataclass(frozen=True)
class Story:
    """What the notebooks and a model card say of a task, a sentence or two each."""

    lesson: str = "Can the model learn to answer?"  # the question of its training
    data: str = "Questions with their answers."  # what it learns from
    untrained: str = "The base has not seen this task."  # what to expect of the model before
    judged: str = "Every answer is compared with the true one."  # how an answer is measured
    use: str = "ghost ask"  # the command that asks the tuned model
    limits: tuple[str, ...] = ()  # what the numbers do not say


@dataclass(frozen=True)
class Terms:
    """How a task is spoken of: the phases of its training in order, what is asked about, who judges an answer,

    and the metrics that tables and figures show, with a label; the first one ranks models and answers.
    """

    phases: tuple[str, ...] = ("text", "vision")
    noun: str = "examples"
    judge: str = "The judge"
    metrics: dict[str, str] = field(default_factory=lambda: {"score": "score"})
    minor: tuple[str, ...] = ()  # metrics that are written down, and not shown
    less: tuple[str, ...] = ()  # metrics of which less is better
    aims: dict[str, str] = field(default_factory=dict)  # phase -> the metric that it is to better; else the first one
    story: Story = field(default_factory=Story)

    @property
    def rank(self) -> str:
        return next(iter(self.metrics))

    @property
    def seeing(self) -> bool:
        """Whether the questions are about pictures."""
        return "vision" in self.phases

    def aim(self, phase: str) -> str:
        """The metric that a phase is to better."""
        return self.aims.get(phase, self.rank)


def named(task: str) -> ModuleType:
    """The module of a task. Raises ConfigError with the tasks that exist."""
    known = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if task not in known:
        raise ConfigError(f"task {task}: does not exist. There are: {', '.join(known)}")
    return importlib.import_module(f"{__name__}.{task}")


def commands() -> dict[str, ModuleType]:
    """The tasks that have a part of the command line of their own, each with that module.

    It is loaded alone: `ghost --help` shall not wait for a whole task.
    """
    files = sorted(file for folder in __path__ for file in Path(folder).glob("*/command.py"))
    return {file.parent.name: _alone(file) for file in files}


@lru_cache(maxsize=8)
def _alone(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_command", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def terms(task: str) -> Terms:
    """How a task is spoken of. Raises ConfigError as `named`."""
    return getattr(named(task), "TERMS", Terms())


def messages(example: Example, *, answer: bool = False) -> list[dict[str, Any]]:
    """The example as chat messages in the shape of transformers: one user turn, and the model's where `answer`."""
    content: list[dict[str, Any]] = [{"type": "image"}] if example.image else []
    turns = [{"role": "user", "content": [*content, {"type": "text", "text": example.prompt}]}]
    if answer:
        turns.append({"role": "assistant", "content": [{"type": "text", "text": example.taught}]})
    return turns
