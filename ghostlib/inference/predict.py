"""A screenshot in, a schema out that PostgreSQL has judged: held to a grammar, repaired where refused, traced to the screen."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ghostlib import machine, tasks
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.inference import backends, calibration, evidence
from ghostlib.inference.backends import Backend
from ghostlib.inference.evidence import Evidence
from ghostlib.models.generate import Answer
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.postgres import Verdict
from ghostlib.schemas.schema import Schema
from ghostlib.tasks import Example

REPAIRS = 2
KEPT = 0.5  # of the refused answer's names; what keeps less is another schema and no repair
SIZES = ((8, "low"), (14, "medium"))  # columns, as the records count them


@dataclass(frozen=True)
class Wishes:
    """How an answer is to be made: held to the grammar, repaired at most so often, and what is left out of it.

    `by_rule`: where its SQL is refused, the list that a small model writes before it is taken, as SQL by rule.
    Without `constraints` there are no CHECK, UNIQUE and foreign keys; keys and NOT NULL stay.
    """

    grammar: bool = True
    repairs: int = REPAIRS
    indexes: bool = True
    constraints: bool = True
    by_rule: bool = True


AS_USUAL = Wishes()
BY_RULE = "PostgreSQL refused the model's SQL: this is its own list of tables and fields, written as SQL by rule"


@dataclass(frozen=True)
class Prediction:
    """One answer to one picture. `problems` are PostgreSQL's; `schema` is None where it refused."""

    image: str
    sql: str
    valid: bool
    problems: tuple[postgres.SqlProblem, ...]
    schema: Schema | None
    confidence: float  # mean probability of the first answer's tokens, 0..1
    seconds: float  # reading, model and judge together
    backend: str
    model: str
    attempts: int = 1  # times that the model was asked
    evidence: Evidence = Evidence()
    expected_score: float | None = None  # the schema score that this confidence stands for, where that was measured
    notes: tuple[str, ...] = ()  # what else is to be known of the answer

    @property
    def ui_elements(self) -> tuple[dict[str, Any], ...]:
        """What the screen shows of the data: {"label", "box", "column"}; no column for a label that became none."""
        links = [one for one in self.evidence.links if one.box]
        shown = [{"label": one.line, "box": list(one.box), "column": f"{one.table}.{one.column}"} for one in links]
        return (*shown, *({"label": one.text, "box": list(one.box), "column": None} for one in self.evidence.unused))

    @property
    def complexity(self) -> str:
        """ "low", "medium" or "high" by the number of columns, as in the records; "" where there is no schema."""
        if self.schema is None:
            return ""
        columns = sum(len(table.columns) for table in self.schema.tables)
        return next((word for most, word in SIZES if columns <= most), "high")

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, in the shape that `ghost predict --json` prints."""
        return {
            "image": self.image,
            "sql": self.sql,
            "valid": self.valid,
            "problems": [vars(problem) for problem in self.problems],
            "schema": self.schema.as_dict() if self.schema else None,
            "confidence": round(self.confidence, 4),
            "expected_score": None if self.expected_score is None else round(self.expected_score, 4),
            "seconds": round(self.seconds, 3),
            "backend": self.backend,
            "model": self.model,
            "attempts": self.attempts,
            "evidence": [link.as_dict() for link in self.evidence.links],
            "unused_labels": [{"line": line.text, "box": list(line.box)} for line in self.evidence.unused],
            "ui_elements": list(self.ui_elements),
            "complexity": self.complexity,
            "notes": list(self.notes),
        }


def predict(
    image: Path | str | bytes,
    *,
    config: Config | None = None,
    model: Path | str | None = None,
    backend: str = "gguf",
    wishes: Wishes = AS_USUAL,
) -> Prediction:
    """The schema behind a screenshot; `image` is a path or the file's bytes (then shown as "upload").

    `backend` is "gguf", "hf" or "ollama"; which `model` it takes, backends.opened says. Without a `config`, what fits this
    machine. Raises PictureError, ExportError, ToolError, ConfigError for an unknown backend.
    """
    config = config or machine.configure("auto")
    asked = backends.opened(backend, config, model)
    start = time.perf_counter()
    question = tasks.named(config.task).ask(config, image if isinstance(image, bytes) else Path(image))
    return answered(question, asked, config, wishes, start=start)


def answered(question: Example, asked: Backend, config: Config, wishes: Wishes = AS_USUAL, *, start: float = 0.0) -> Prediction:
    """The Prediction of a question that is there already; its seconds count from `start` (perf_counter), else from now."""
    start = start or time.perf_counter()
    task = tasks.named(config.task)
    held = wishes.grammar and asked.grammar
    first = asked.ask(question, held)
    found = judged(task, first, lambda one: asked.ask(one, held), wishes)
    sql, verdict = found.sql, found.verdict
    if verdict.schema and not (wishes.indexes and wishes.constraints):
        sql = ddl.canonical(_without(verdict.schema, wishes))
        verdict = postgres.judge(sql)
    traced = evidence.of(verdict.schema, question.lines, question.size) if verdict.schema else Evidence()
    known = calibration.find(asked.folder) if asked.folder else None
    return Prediction(
        image=question.id,
        sql=sql,
        valid=verdict.valid,
        problems=tuple(verdict.problems),
        schema=verdict.schema,
        confidence=first.confidence,
        seconds=time.perf_counter() - start,
        backend=asked.name,
        model=asked.model,
        attempts=found.attempts,
        evidence=traced,
        expected_score=known and (known.expected(first.confidence) if verdict.valid else 0.0),
        notes=tuple([BY_RULE] * found.by_rule + _notes(first, asked, config, wishes)),
    )


@dataclass(frozen=True)
class Judged:
    """An answer's SQL, PostgreSQL's verdict, how often the model was asked, and whether a rule wrote it of the model's list."""

    sql: str
    verdict: Verdict
    attempts: int = 1
    by_rule: bool = False


def judged(task: ModuleType, answer: Answer, ask: Callable[[Example], Answer], wishes: Wishes = AS_USUAL) -> Judged:
    """What becomes of an answer: its SQL where PostgreSQL accepts it.

    Of a refused one the list that it begins with is taken, by rule. Without such a list, it is shown to the model with
    PostgreSQL's words, at most `wishes.repairs` times; where no repair is accepted the first answer stands. A repair that
    loses half of the names is none.
    """
    first = task.parse(answer.text)
    verdict, tried, latest, attempts = postgres.judge(first), {first}, first, 1
    problem = verdict.problems[0] if verdict.problems else None
    listed = task.outlined(answer.text) if problem and wishes.by_rule else ""
    if listed and (found := postgres.judge(listed)).valid:
        return Judged(listed, found, by_rule=True)
    while problem and latest and attempts <= wishes.repairs:
        try:
            told = task.parse(ask(task.repair(latest, problem)).text)
        except DataError:  # longer than the model's context
            break
        attempts += 1
        if told in tried:  # greedy decoding would go in a circle
            break
        found = postgres.judge(told)
        if found.valid and _kept(first, told) >= KEPT:
            return Judged(told, found, attempts)
        tried.add(told)
        if found.valid:
            break
        latest, problem = told, found.problems[0]
    return Judged(first, verdict, attempts)


def _kept(before: str, after: str) -> float:
    """The share of a text's names that another still has."""
    one, other = (set(re.findall(r"[a-z_]{2,}[a-z0-9_]*", text)) for text in (before, after))
    return len(one & other) / len(one) if one else 1.0


def _without(schema: Schema, wishes: Wishes) -> Schema:
    bare: dict[str, Any] = {} if wishes.indexes else {"indexes": ()}
    bare |= {} if wishes.constraints else {"checks": (), "unique": (), "foreign_keys": ()}
    return Schema(tuple(replace(table, **bare) for table in schema.tables))


def _notes(answer: Answer, asked: Backend, config: Config, wishes: Wishes) -> list[str]:
    told = []
    if wishes.grammar and not asked.grammar:
        told.append(f"{asked.name} takes no grammar: the answer is repaired where PostgreSQL refuses it, and nothing more")
    if answer.tokens >= config.generate.max_new_tokens:
        told.append(f"the answer was cut off at {answer.tokens} tokens (generate.max_new_tokens)")
    if not answer.confidence:
        told.append(f"{asked.name} gave no probabilities: there is no confidence")
    return told
