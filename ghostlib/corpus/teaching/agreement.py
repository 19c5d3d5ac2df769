"""How good the teacher is: asked about drawn screens, whose truth is known, by the same way as about real ones."""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.corpus import gemini, records, teacher
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.records import Screen
from ghostlib.corpus.teaching import briefing
from ghostlib.corpus.teaching.asking import Asking
from ghostlib.corpus.teaching.draft import Trouble
from ghostlib.errors import DataError, QuotaError, TeacherError
from ghostlib.schemas import postgres
from ghostlib.schemas import score as scores
from ghostlib.schemas.score import Score


@dataclass(frozen=True)
class Measured:
    """One screen: what the teacher's record is worth against the truth; `reason` says why there is none, which is worth 0."""

    picture: str
    screen: str
    score: Score
    reason: str = ""


@dataclass(frozen=True)
class Agreement:
    """The teacher against the truth: every metric's mean with its 95 % interval, all and by archetype.

    `n` screens were answered; `unanswered` ones are no fault of the teacher and count nowhere.
    """

    model: str
    n: int
    unanswered: int
    metrics: dict[str, dict[str, float]]
    kept: dict[str, dict[str, float]]
    groups: dict[str, Any]
    reasons: dict[str, int]
    calls: int
    tokens: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost teach --measure`."""
        return dict(vars(self))


def measure(
    screens: Sequence[Screen],
    out: Path,
    *,
    root: Path,
    settings: teacher.Settings,
    key: str,
    progress: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Agreement:
    """The Agreement on these drawn screens, whose pictures lie below `root`; written to `out` (JSON).

    The teacher sees the picture alone; the truth's labels and lines are used for nothing. A screen that ends as a reject
    counts 0 in `metrics` and is left out of `kept`. Answers are kept as in `teacher.label`, so a stopped measurement goes on.
    Raises QuotaError, TeacherError and, for screens without a truth that creates, DataError.
    """
    from tqdm import tqdm

    key = gemini.sound(key)
    answers, ledger = teacher.places(out, settings, key)
    asking = Asking(gemini.connect(settings, key, shape=briefing.shape()), ledger, sleep)
    asker = teacher.Teacher(asking, answers, ledger, (screen.reading for screen in screens), secret=key)
    truths = postgres.check_many([screen.output for screen in screens])
    found, silent, in_a_row = [], 0, 0
    for screen, truth in tqdm(list(zip(screens, truths, strict=True)), desc="measure", unit="screen", disable=not progress):
        if truth.schema is None:
            raise DataError(
                f"{screen.image_path}: its truth does not create in PostgreSQL. Check it with `ghost dataset check`"
            )
        made = _asked(asker, screen, root)
        if isinstance(made, Trouble) and made.reason == "unanswered":
            silent, in_a_row = silent + 1, in_a_row + 1
            if in_a_row == teacher.IN_A_ROW:
                raise TeacherError(f"Gemini left {in_a_row} screens in a row unanswered ({made.words}). Try again later.")
            continue
        in_a_row = 0
        schema = None if isinstance(made, Trouble) else postgres.judge(made.output).schema
        reason = made.reason if isinstance(made, Trouble) else ""
        found.append(Measured(screen.image_path, screen.screen, scores.score(schema, truth.schema), reason))
    agreement = _summed(found, silent, settings.model, ledger.spent.calls, ledger.spent.tokens_in + ledger.spent.tokens_out)
    rows = [{"picture": one.picture, "reason": one.reason, **one.score.as_dict()} for one in found]
    write_atomically(out, json.dumps(agreement.as_dict() | {"screens": rows}, indent=1) + "\n")
    return agreement


def sample(screens: Sequence[Screen], count: int, *, seed: int = 0) -> list[Screen]:
    """So many of the screens, one archetype after the other, always the same for a seed."""
    groups: dict[str, list[Screen]] = {}
    for screen in random.Random(seed).sample(list(screens), len(screens)):
        groups.setdefault(screen.screen, []).append(screen)
    rounds = max(map(len, groups.values()), default=0)
    mixed = [group[turn] for turn in range(rounds) for _, group in sorted(groups.items()) if turn < len(group)]
    return mixed[:count]


def told(made: Agreement) -> list[str]:
    """The agreement for a person: a line for every metric, and why screens have no record."""
    lines = [f"{made.model} on {made.n} drawn screens{'':6} {'mean':>5}  95 % interval"]
    lines += [f"{name:20} {one['mean']:6.3f}  {one['low']:.3f} to {one['high']:.3f}" for name, one in made.metrics.items()]
    if made.reasons:
        rejected = ", ".join(f"{count} {reason}" for reason, count in made.reasons.items())
        kept = made.kept.get("schema_score")
        among = (
            f"; among the {made.n - sum(made.reasons.values())} that were kept schema_score is {kept['mean']:.3f}"
            if kept
            else ""
        )
        lines.append(f"no record, counted as 0: {rejected}{among}")
    return [*lines, *([f"{made.unanswered} were not answered and are left out"] if made.unanswered else [])]


def _asked(asker: teacher.Teacher, screen: Screen, root: Path) -> Screen | Trouble:
    picture = asker.open(records.picture_file(screen, root))
    if isinstance(picture, Trouble):
        raise DataError(f"{screen.image_path}: {picture.words}. Measure on whole screens, each of them once")
    try:
        return asker.screen(picture)
    except QuotaError as error:
        raise QuotaError(f"{error} The same command goes on from there and asks for no answer twice.") from None


def _summed(found: Sequence[Measured], silent: int, model: str, calls: int, tokens: int) -> Agreement:
    if not found:
        raise TeacherError("no screen was answered, so there is nothing to measure. Try again later.")
    every = [one.score for one in found]
    kept = [one.score for one in found if not one.reason]
    reasons: dict[str, int] = {}
    for one in found:
        if one.reason:
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
    groups = scores.grouped(every, [{"archetype": one.screen} for one in found])
    return Agreement(
        model,
        len(found),
        silent,
        scores.aggregate(every),
        scores.aggregate(kept) if kept else {},
        groups,
        reasons,
        calls,
        tokens,
    )
