"""A question in words in, a checked answer out: one, a file of them, or one after the other at the keyboard.

Where the task gives a JSON Schema, decoding is constrained by it: through llama.cpp by its own grammar of the schema, through
transformers by llguidance. The shape is then right whatever the model has learnt; the task's check has the last word.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import ConfigError, DataError
from ghostlib.inference import backends, engines, export, gguf, llama
from ghostlib.models import constrained as constraints
from ghostlib.models import generate, load
from ghostlib.training import runs

BACKENDS = ("gguf", "hf")


@dataclass(frozen=True)
class Answered:
    """One answer. `problems` are the task's own check's, a line each; `seconds` are the model's and the check's."""

    question: str
    answer: str
    problems: tuple[str, ...]
    confidence: float
    seconds: float
    model: str

    @property
    def valid(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, in the shape that `ghost ask --json` prints."""
        return {
            "question": self.question,
            "answer": self.answer,
            "valid": self.valid,
            "problems": list(self.problems),
            "confidence": round(self.confidence, 4),
            "seconds": round(self.seconds, 3),
            "model": self.model,
        }


def ask(words: str, *, config: Config, model: Path | None = None, backend: str = "gguf", constrained: bool = True) -> Answered:
    """The checked answer to a question in words. `model` is a run's folder or an export; None takes the newest run.

    `constrained` decodes by the task's JSON Schema where it has one. Raises ConfigError for a task that is not asked in
    words or an unknown backend, DataError for no words, ExportError where nothing was trained or exported.
    """
    task = tasks.named(config.task)
    if not hasattr(task, "question"):
        raise ConfigError(f"task {config.task}: is not asked in words. Use `ghost predict`, or another --task")
    if not words.strip():
        raise DataError("the question is empty. Say in words what is wanted")
    example = task.question(config, words)
    return replace(asked(example, config=config, model=model, backend=backend, constrained=constrained), question=words.strip())


def asked(example: tasks.Example, **how: Any) -> Answered:
    """The checked answer to an Example, under the last line of its prompt; `how` is `ask`'s."""
    task, start = tasks.named(how["config"].task), time.perf_counter()
    told, name = answered(example, **how)
    problems = tuple(task.check(told.text)) if hasattr(task, "check") else ()
    words = example.prompt.splitlines()[-1]
    return Answered(words, task.parse(told.text), problems, told.confidence, time.perf_counter() - start, name)


def answered(
    example: tasks.Example, *, config: Config, model: Path | None = None, backend: str = "gguf", constrained: bool = True
) -> tuple[generate.Answer, str]:
    """What the model writes to an example, unchecked, and what the model is called. Arguments and errors as of `ask`."""
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend}: does not exist. There are: {', '.join(BACKENDS)}")
    task = tasks.named(config.task)
    schema = task.constraint(config) if constrained and hasattr(task, "constraint") else None
    return (_llama if backend == "gguf" else _transformers)(example, config, model, schema)


def many(questions: Iterable[str], **how: Any) -> Iterator[Answered]:
    """The answer to each question as it comes; `how` is `ask`'s."""
    for words in questions:
        if words.strip():
            yield ask(words, **how)


def lines(file: Path) -> list[str]:
    """The questions of a file, one a line. Raises DataError where it cannot be read or holds none."""
    try:
        found = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}). Give a file of questions, one a line.") from error
    if not found:
        raise DataError(f"{file}: holds no question. Write one a line.")
    return found


def _llama(asked: tasks.Example, config: Config, model: Path | None, schema: dict[str, Any] | None) -> Any:
    folder = _exported(config, model)
    found = _found(folder, (folder / gguf.MANIFEST).stat().st_mtime_ns)
    running = llama.server(found.text, None, context=int(found.facts.get("context") or config.export.context))
    limit, side = config.generate.max_new_tokens, config.model.image_side
    return llama.ask(running, asked, max_new_tokens=limit, side=side, schema=schema), f"{folder.parent.name}/{found.text.name}"


def _exported(config: Config, model: Path | None) -> Path:
    """The export to ask: the one that is named, the newest run's, which is made where there is none yet."""
    run = runs.latest(config) if model is None else None
    return export.run(run, progress=False).text_gguf.parent if run else backends.exported(config, model)


def _transformers(asked: tasks.Example, config: Config, model: Path | None, schema: dict[str, Any] | None) -> Any:
    folder, name = backends.weights(config, model)
    base = _loaded(folder, config)
    limit, side = config.generate.max_new_tokens, config.model.image_side
    rules = constraints.by_schema(schema) if schema else None
    (told,) = generate.answers(base, [asked], max_new_tokens=limit, batch_size=1, side=side, constrain=rules)
    return told, name


@lru_cache(maxsize=1)
def _found(folder: Path, stamp: int) -> gguf.Exported:
    return gguf.find(folder)


@lru_cache(maxsize=1)
def _loaded(folder: Path | None, config: Config) -> load.Base:
    engines.release()
    plan = configs.plan(config, tasks.terms(config.task).phases[-1])
    return load.merged(folder, config) if folder else load.base(config, plan)
