"""A schema so far and a request on it ("add tags to products"): the model writes the whole schema again, PostgreSQL judges."""

import time
from dataclasses import dataclass

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import predict
from ghostlib.inference.backends import Backend
from ghostlib.inference.predict import AS_USUAL, Wishes
from ghostlib.schemas.postgres import Verdict


@dataclass(frozen=True)
class Reply:
    """What the model made of a request. A schema that PostgreSQL refuses is told and not taken."""

    sql: str
    verdict: Verdict
    attempts: int
    seconds: float


def follow(sql: str, wish: str, asked: Backend, config: Config, wishes: Wishes = AS_USUAL) -> Reply:
    """The Reply to a request on the schema `sql`. Raises DataError where both together are longer than the model's context."""
    start = time.perf_counter()
    task = tasks.named(config.task)
    held = wishes.grammar and asked.grammar
    answer = asked.ask(task.change(sql, wish), held)
    found = predict.judged(task, answer, lambda one: asked.ask(one, held), wishes)
    told, verdict, attempts = found.sql, found.verdict, found.attempts
    return Reply(told, verdict, attempts, time.perf_counter() - start)
