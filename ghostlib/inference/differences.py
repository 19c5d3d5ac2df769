"""What each phase of a training has changed: the same questions before and after it, metric by metric, with intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ghostlib.tasks import Terms

RESAMPLES = 2000
BETTER, WORSE, OPEN, NEVER = "better", "worse", "not shown", "not measured"


@dataclass(frozen=True)
class Change:
    """From one model to the next: by metric the mean difference over the same questions, with its 95 % interval.

    `aim` is the metric that the phase is to better. `found` says whether it did: "better", "worse", "not shown" where the
    interval of the difference holds 0, "not measured" where no question has the metric before and after.
    """

    before: str
    after: str
    phase: str
    aim: str
    values: dict[str, dict[str, float]]
    found: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    def told(self, label: str, n: int) -> str:
        """In a sentence; `label` is the metric's own."""
        if self.found == NEVER:
            return f"the phase {self.phase} cannot be told by {label}: no question has one before and after it"
        value = self.values[self.aim]
        moved = f"{value['mean']:+.3f} ({value['low']:+.3f} to {value['high']:+.3f})"
        said = {
            BETTER: "as it is to",
            WORSE: "the wrong way",
            OPEN: f"which {n} questions do not tell from no change",
        }[self.found]
        return f"the phase {self.phase} moved {label} by {moved}, {said}"


def changes(scores: dict[str, Sequence[Any]], terms: Terms, *, seed: int) -> tuple[Change, ...]:
    """A Change for every two neighbours among base, text (after the examples) and tuned; `scores` by model, one a question."""
    there = [name for name in ("base", "text", "tuned") if name in scores]
    made = []
    for before, after in zip(there, there[1:], strict=False):
        phase = "text" if after == "text" else terms.phases[-1]
        values = {}
        for metric in terms.metrics:
            found = paired([_number(s, metric) for s in scores[before]], [_number(s, metric) for s in scores[after]], seed=seed)
            if found:
                values[metric] = found
        aim = terms.aim(phase)
        judged = _judged(values[aim], less=aim in terms.less) if aim in values else NEVER
        made.append(Change(before, after, phase, aim, values, judged))
    return tuple(made)


def paired(old: Sequence[float | None], new: Sequence[float | None], *, seed: int) -> dict[str, float] | None:
    """The mean of new - old over the places where both are numbers, with a 95 % bootstrap interval over the places.

    None where there is no such place.
    """
    import numpy as np

    told = np.array([b - a for a, b in zip(old, new, strict=True) if a is not None and b is not None], dtype=float)
    if not len(told):
        return None
    drawn = np.random.default_rng(seed).choice(told, (RESAMPLES, len(told))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"mean": float(told.mean()), "low": float(low), "high": float(high)}


def _number(score: Any, metric: str) -> float | None:
    value = score.as_dict().get(metric)
    return float(value) if isinstance(value, (int, float)) else None


def _judged(value: dict[str, float], *, less: bool) -> str:
    low, high = (-value["high"], -value["low"]) if less else (value["low"], value["high"])
    return BETTER if low > 0 else WORSE if high < 0 else OPEN
