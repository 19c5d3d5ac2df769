"""A screenshot in, a schema out that PostgreSQL has judged."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import ConfigError, ExportError
from ghostlib.inference import engines, export, gguf, llama
from ghostlib.models import generate, load
from ghostlib.schemas import postgres
from ghostlib.schemas.schema import Schema
from ghostlib.tasks import Example
from ghostlib.training import runs


@dataclass(frozen=True)
class Prediction:
    """One answer to one picture. `problems` are PostgreSQL's; `schema` is None where it refused."""

    image: str
    sql: str
    valid: bool
    problems: tuple[postgres.SqlProblem, ...]
    schema: Schema | None
    confidence: float  # mean probability of the tokens, 0..1
    seconds: float  # reading, model and judge together
    backend: str
    model: str
    attempts: int = 1

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, in the shape that `ghost predict --json` prints."""
        return {
            "image": self.image,
            "sql": self.sql,
            "valid": self.valid,
            "problems": [
                {
                    "line": problem.line,
                    "column": problem.column,
                    "sqlstate": problem.sqlstate,
                    "message": problem.message,
                    "hint": problem.hint,
                }
                for problem in self.problems
            ],
            "schema": self.schema.as_dict() if self.schema else None,
            "confidence": round(self.confidence, 4),
            "seconds": round(self.seconds, 3),
            "backend": self.backend,
            "model": self.model,
            "attempts": self.attempts,
        }


def predict(image: Path | str | bytes, *, config: Config, model: Path | None = None, backend: str = "gguf") -> Prediction:
    """The schema behind a screenshot; `image` is a path or the file's bytes (then shown as "upload").

    `model` is a run's folder, an export (`gguf/`) or, for "hf", a plain model folder; None takes the newest run, and
    nano's shipped export where there is none. Raises PictureError, ExportError, ConfigError for an unknown backend.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend}: does not exist. There are: {', '.join(BACKENDS)}")
    start = time.perf_counter()
    task = tasks.named(config.task)
    if isinstance(image, bytes):
        with tempfile.TemporaryDirectory() as aside:
            place = Path(aside) / "upload"
            place.write_bytes(image)
            answer, name = _answered(task.ask(config, place), config, model, backend)
    else:
        answer, name = _answered(task.ask(config, Path(image)), config, model, backend)
    sql = task.parse(answer.text)
    verdict = postgres.judge(sql)
    return Prediction(
        image="upload" if isinstance(image, bytes) else str(image),
        sql=sql,
        valid=verdict.valid,
        problems=tuple(verdict.problems),
        schema=verdict.schema,
        confidence=answer.confidence,
        seconds=time.perf_counter() - start,
        backend=backend,
        model=name,
    )


def exported(config: Config, model: Path | None = None) -> Path:
    """The folder of the export to predict with. Raises ExportError where there is none."""
    if model is not None:
        model = Path(model)
        for folder in (model, model / "gguf", model.parent):
            if (folder / gguf.MANIFEST).is_file():
                return folder
        raise ExportError(f"{model}: holds no exported model. Name a run or its gguf/ folder, or run `ghost export`")
    run = runs.newest(config, holding=f"gguf/{gguf.MANIFEST}")
    if run:
        return run.folder / "gguf"
    if (
        config.model.name == "nano"
        and config.task == Config.task
        and (configs.root() / engines.SHIPPED / gguf.MANIFEST).is_file()
    ):
        return configs.root() / engines.SHIPPED
    raise ExportError(f"{configs.output()}: no run has an exported model. Train and run `ghost export`, or notebooks 02 to 05")


def weights(config: Config, model: Path | None = None) -> tuple[Path | None, str]:
    """The plain model folder for the "hf" backend, and what to call it; no folder means the untrained base."""
    if model is not None and (Path(model) / "config.json").is_file():
        return Path(model), Path(model).name
    if model is not None:
        file = Path(model) / "config.yaml"
        if not file.is_file():
            raise ExportError(f"{model}: is neither a run (config.yaml) nor a model (config.json). Name one of them")
        run = runs.Run(Path(model), configs.from_file(file))
    else:
        run = runs.latest(config)
    return (export.merged(run), f"{config.model.name} tuned in {run.folder.name}") if run else (None, config.model.name)


def _answered(example: Example, config: Config, model: Path | None, backend: str) -> tuple[generate.Answer, str]:
    return BACKENDS[backend](example, config, model)


def _through_llama(example: Example, config: Config, model: Path | None) -> tuple[generate.Answer, str]:
    folder = exported(config, model)
    found = _verified(folder, (folder / gguf.MANIFEST).stat().st_mtime_ns)
    running = llama.server(found.text, found.mmproj, context=int(found.facts.get("context") or config.export.context))
    side = int(found.facts.get("image_side") or config.model.image_side)
    answer = llama.ask(running, example, max_new_tokens=config.generate.max_new_tokens, side=side)
    return answer, f"{folder.parent.name}/{found.text.name}"


def _through_transformers(example: Example, config: Config, model: Path | None) -> tuple[generate.Answer, str]:
    folder, name = weights(config, model)
    base = _loaded(folder, config)
    answer = generate.answers(
        base, [example], max_new_tokens=config.generate.max_new_tokens, batch_size=1, side=config.model.image_side
    )
    return answer[0], name


@lru_cache(maxsize=1)
def _verified(folder: Path, stamp: int) -> gguf.Exported:
    """The export with its hashes checked: once, not before every picture."""
    return gguf.find(folder)


@lru_cache(maxsize=1)
def _loaded(folder: Path | None, config: Config) -> load.Base:
    return (
        load.merged(folder, config) if folder else load.base(config, configs.plan(config, tasks.terms(config.task).phases[-1]))
    )


BACKENDS: dict[str, Callable[[Example, Config, Path | None], tuple[generate.Answer, str]]] = {
    "gguf": _through_llama,
    "hf": _through_transformers,
}
