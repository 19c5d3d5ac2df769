"""What a run of the teacher would cost, before it: pictures, calls, tokens, time, dollars. It asks nobody."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from ghostlib.corpus import teacher
from ghostlib.corpus.gemini import Busy
from ghostlib.corpus.records import read_screens
from ghostlib.corpus.teaching.draft import Trouble
from ghostlib.corpus.teaching.ledger import dollars

LETTERS = 4.0  # of English a token, by Google's rule of thumb for Gemini
PICTURE = 1120  # tokens, the most that Gemini 3 takes for one at its default resolution
ANSWER = 1000  # tokens; an assumption until the ledger has answers


@dataclass(frozen=True)
class Forecast:
    """A run before it begins. `least` calls are made if every answer is right at once, `most` if every one needs repairs.

    `measured` tells whether tokens are an average of this folder's own calls, or an assumption.
    """

    pictures: int
    finished: int
    refused: dict[str, int] = field(default_factory=dict)
    least: int = 0
    most: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: tuple[float, float] | None = None
    minutes: float = 0.0
    days: int = 0
    measured: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost teach --dry-run`."""
        return vars(self) | {"dollars": list(self.dollars) if self.dollars else None}


def forecast(pictures: Sequence[Path], out: Path, *, settings: teacher.Settings) -> Forecast:
    """What `teacher.label` would do with these pictures, by its own code with nobody at the other end.

    Tokens and the lower number of dollars are for the least calls; repairs make it more. Raises what reading `out` raises.
    """
    from tqdm import tqdm

    asked: list[str] = []

    def nobody(prompt: str, picture: Image.Image) -> Busy:
        asked.append(prompt)
        return Busy("nobody asked")

    answers, ledger = teacher.places(out, settings)
    known = [record.reading for record in read_screens(out)] if out.exists() else []
    asker, finished = teacher.Teacher(nobody, answers, ledger, known), 0
    refused: dict[str, int] = {}
    for path in tqdm(pictures, desc="looking", unit="picture", leave=False, disable=None):
        opened = asker.open(Path(path))
        if isinstance(opened, Trouble):
            refused[opened.reason] = refused.get(opened.reason, 0) + 1
            continue
        before = len(asked)
        asker.screen(opened)
        finished += len(asked) == before
    least, most = len(asked), sum(_left(prompt) for prompt in asked)
    usual = ledger.usual()
    came, went = usual or (PICTURE + sum(map(len, asked)) / LETTERS / max(1, least), ANSWER)
    prices = settings.price_in or settings.price_out
    return Forecast(
        pictures=len(pictures),
        finished=finished,
        refused=refused,
        least=least,
        most=most,
        tokens_in=round(least * came),
        tokens_out=round(least * went),
        dollars=(dollars(least * came, least * went, settings), dollars(most * came, most * went, settings))
        if prices
        else None,
        minutes=round(least / settings.requests_per_minute, 1),
        days=_days(least, len(ledger.today), settings.requests_per_day),
        measured=usual is not None,
    )


def told(made: Forecast, model: str) -> list[str]:
    """The forecast for a person, a line a thing."""
    refused = ", ".join(f"{count} {reason}" for reason, count in made.refused.items())
    lines = [
        f"{made.pictures} pictures: {made.finished} are answered already, {made.least} to ask"
        + (f", no call for {sum(made.refused.values())} ({refused})" if refused else ""),
        f"{made.least} calls of {model}, at most {made.most} with repairs",
        f"about {made.tokens_in:,} tokens in and {made.tokens_out:,} out, "
        + ("as the calls so far took" if made.measured else "assumed; after the first run it is known"),
        f"at least {made.minutes:g} minutes at the pace of teacher.requests_per_minute"
        + (f", over {made.days} days of teacher.requests_per_day" if made.days > 1 else ""),
    ]
    if made.dollars:
        return [*lines, f"${made.dollars[0]:.4f}, with every repair ${made.dollars[1]:.4f}"]
    return [*lines, "no price: a free key costs nothing; for a paid one set teacher.price_in and teacher.price_out"]


def _left(prompt: str) -> int:
    """Calls that a picture may still take from this question on."""
    repaired = next((n for n in range(1, teacher.REPAIRS + 1) if f"\nCorrection {n}: " in prompt[-120:]), 0)
    return 1 + teacher.REPAIRS - repaired


def _days(calls: int, today: int, allowed: int) -> int:
    """The days of quota that so many calls take, this one included; 0 where there is no limit or no call."""
    if not allowed or not calls:
        return 0
    return 1 + math.ceil(max(0, calls - max(0, allowed - today)) / allowed)
