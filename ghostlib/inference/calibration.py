"""What a confidence is worth: the mean probability of an answer's tokens -> the schema score to expect, as measured.

Isotonic regression on the answers to validation screens that PostgreSQL accepted (one that it refuses scores 0, and that is
known without a model). The fact lies beside the export that it was measured on, says how good it is, and holds for no other.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ghostlib.inference import gguf
from ghostlib.models.files import writing

FILE = "calibration.json"
LEAST = 10  # answers; fewer say nothing


@dataclass(frozen=True)
class Calibration:
    """`points` are (confidence, expected score), rising; the rest says how well it is known.

    `error` is the mean distance of an answer's score from what is expected (each answer left out in turn), `error_of_mean`
    that of always expecting the mean, `rank` Spearman's correlation of confidence and score.
    """

    points: tuple[tuple[float, float], ...]
    n: int
    error: float
    error_of_mean: float
    rank: float
    model: str  # SHA-256 of the text model
    split: str = "validation"

    def expected(self, confidence: float) -> float:
        """The schema score to expect of a valid answer, 0..1; beyond the measured ends, that of the end."""
        import numpy as np

        xs, ys = zip(*self.points, strict=True)
        return float(np.interp(confidence, xs, ys))

    def quality(self) -> str:
        """How well it is known, in one sentence."""
        better = 1 - self.error / self.error_of_mean if self.error_of_mean else 0.0
        return (
            f"expected score off by {self.error:.2f} on average over {self.n} valid {self.split} answers "
            f"({better:+.0%} against always saying the mean; rank correlation {self.rank:.2f})"
        )


def fitted(
    confidences: Sequence[float], scores: Sequence[float], *, model: str, split: str = "validation"
) -> Calibration | None:
    """The Calibration of valid answers' confidences and schema scores; None for fewer than LEAST, which say nothing."""
    import numpy as np
    from scipy.stats import spearmanr

    if len(scores) < LEAST:
        return None
    order = np.argsort(confidences, kind="stable")
    xs, ys = np.array(confidences, dtype=float)[order], np.array(scores, dtype=float)[order]
    kept = np.ones(len(xs), dtype=bool)
    errors, plain = [], []
    for place in range(len(xs)):
        kept[place] = False
        points = _points(xs[kept], ys[kept])
        errors.append(abs(np.interp(xs[place], *zip(*points, strict=True)) - ys[place]))
        plain.append(abs(ys[kept].mean() - ys[place]))
        kept[place] = True
    flat = len(set(xs.tolist())) < 2 or len(set(ys.tolist())) < 2
    rank = 0.0 if flat else float(spearmanr(xs, ys).statistic)
    told = [round(float(value), 4) for value in (np.mean(errors), np.mean(plain), rank)]
    return Calibration(_points(xs, ys), len(xs), *told, model=model, split=split)


def save(found: Calibration, folder: Path) -> Path:
    """Write it beside the export in `folder`."""
    file = folder / FILE
    with writing(file):
        file.write_text(json.dumps(asdict(found) | {"quality": found.quality()}, indent=2) + "\n", encoding="utf-8")
    return file


def find(folder: Path) -> Calibration | None:
    """The Calibration beside an export; None where there is none, or where it was measured on other weights."""
    try:
        row = json.loads((folder / FILE).read_text(encoding="utf-8"))
        facts = gguf.manifest(folder)
        row["points"] = tuple((float(x), float(y)) for x, y in row["points"])
        found = Calibration(**{name: row[name] for name in Calibration.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.points and found.model == facts["files"][facts["text"]]["sha256"] else None


def _points(xs: "Sequence[float]", ys: "Sequence[float]") -> tuple[tuple[float, float], ...]:
    """The ends of each level of the rising step function that is nearest to the scores (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    levels = isotonic_regression(ys).x
    ends = [
        place
        for place in range(len(levels))
        if place in (0, len(levels) - 1) or levels[place] != levels[place - 1] or levels[place] != levels[place + 1]
    ]
    return tuple((round(float(xs[place]), 4), round(float(levels[place]), 4)) for place in ends)
