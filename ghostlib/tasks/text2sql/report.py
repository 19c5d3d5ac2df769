"""Predictions on a data set: read in the forms that people have, scored row by row, told as JSON, as lines and as a picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ghostlib.corpus import jsonfiles
from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import layouts, scoring
from ghostlib.tasks.text2sql.layouts import Question
from ghostlib.tasks.text2sql.sandbox import Limits
from ghostlib.tasks.text2sql.scoring import METRICS, Score

LABELS = {"execution_accuracy": "right answer", "exact_set_match": "exact set match", "valid_sql": "valid SQL"}
COLOURS = {"execution_accuracy": "#2f6fed", "exact_set_match": "#12a594", "valid_sql": "#9fb3c8"}
INK, FAINT = "#1f2933", "#d9e2ec"
LONGEST = 200_000_000  # bytes of a predictions file


@dataclass(frozen=True)
class Report:
    """What came of a predictions file: each question's prediction and Score, and what is to be said about the whole."""

    source: str
    split: str
    questions: tuple[Question, ...]
    predictions: tuple[str, ...]
    scores: tuple[Score, ...]
    groups: tuple[dict[str, str], ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: means with intervals, outcomes, groups, notes, and every row."""
        return {
            "source": self.source,
            "split": self.split,
            "n": len(self.scores),
            "metrics": scoring.aggregate(self.scores),
            "outcomes": scoring.outcomes(self.scores),
            "groups": scoring.grouped(self.scores, [{k: g[k] for k in ("hardness", "category")} for g in self.groups]),
            "notes": list(self.notes),
            "rows": [
                {"id": q.id, "database": q.database, "question": q.text, "gold": q.gold, "prediction": p, **s.as_dict()}
                for q, p, s in zip(self.questions, self.predictions, self.scores, strict=True)
            ],
        }


def run(
    file: Path, source: str, *, split: str = "validation", limits: Limits | None = None, keep_distinct: bool = False
) -> Report:
    """The Report on a predictions file about one split of a data set. Raises DataError for a file or folder that is none."""
    known = scoring.Scorer(layouts.load(source), limits=limits, keep_distinct=keep_distinct)
    asked = known.corpus.questions.get(split, [])
    if not asked:
        raise DataError(f"{source}: holds no {split} questions. There are: {_sizes(known.corpus)}")
    told, notes = read(file, asked)
    scores, groups = [], []
    for question, prediction in tqdm(list(zip(asked, told, strict=True)), desc="judging", unit="query", disable=None):
        scores.append(known.score(question, prediction))
        groups.append({"hardness": scores[-1].hardness, "category": scores[-1].category})
    notes += _remarks(asked, scores)
    known.judge.close()
    return Report(source, split, tuple(asked), tuple(told), tuple(scores), tuple(groups), tuple(notes))


def read(file: Path, asked: Sequence[Question]) -> tuple[list[str], list[str]]:
    """(a prediction for each question, notes). Three forms: JSON lines {"id", "prediction"}, a JSON list or object of SQL

    in the questions' order (BIRD's `{"0": "SELECT ...\\t----- bird -----\\tdb"}` too), and plain text with a query a line, as
    Spider's own judge reads it. Raises DataError for anything else, and for a number of lines that is not the questions'.
    """
    if file.is_file() and file.stat().st_size > LONGEST:
        raise DataError(f"{file}: has more than {LONGEST // 1_000_000} MB; that is no file of predictions.")
    if file.suffix == ".jsonl":
        return _by_id(file, asked)
    try:
        content = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}). Give a file of predictions.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    if file.suffix == ".json":
        told = _listed(file, content)
    else:
        told = [line.partition("\t")[0] for line in content.split("\n")]
        while len(told) > len(asked) and not told[-1].strip():
            told.pop()
    if len(told) != len(asked):
        raise DataError(f"{file}: holds {len(told)} predictions for {len(asked)} questions. One for each, in their order.")
    return told, []


def _by_id(file: Path, asked: Sequence[Question]) -> tuple[list[str], list[str]]:
    names = {one.id: place for place, one in enumerate(asked)} | {str(place): place for place in range(len(asked))}
    found: dict[int, str] = {}
    strange: list[str] = []
    for number, row in enumerate(jsonfiles.rows(file), 1):
        where = f"{file}: line {number}"
        row = jsonfiles.as_object(row, where)
        name, prediction = str(row.get("id", number - 1)), jsonfiles.as_string(row, "prediction", where)
        if name not in names:
            strange.append(name)
        elif names[name] in found:
            raise DataError(f"{where}: {name} stands there twice. Keep one prediction a question.")
        else:
            found[names[name]] = prediction
    if not found:
        raise DataError(f'{file}: no id is of the data set. An id is a place, as {asked[0].id!r} or "0".')
    lacking = [one.id for place, one in enumerate(asked) if place not in found]
    notes = [f"ids that are no question, left out: {len(strange)} ({', '.join(strange[:3])})"] if strange else []
    notes += [f"questions without a prediction, counted wrong: {len(lacking)} ({', '.join(lacking[:3])})"] if lacking else []
    return [found.get(place, "") for place in range(len(asked))], notes


def _listed(file: Path, content: str) -> list[str]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: broken JSON ({error}).") from None
    if isinstance(told, dict):  # BIRD: places as keys
        told = [told[key] for key in sorted(told, key=lambda key: (not key.isdigit(), int(key) if key.isdigit() else 0))]
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise DataError(f"{file}: is no list of queries. Write a JSON list of texts, in the order of the questions.")
    return [one.partition("\t")[0] for one in told]


def _remarks(asked: Sequence[Question], scores: Sequence[Score]) -> list[str]:
    """Every gold that cannot be judged, by name."""
    failing = [f"{one.id}: {found.reason}" for one, found in zip(asked, scores, strict=True) if found.outcome == "gold fails"]
    undefined = [one.id for one, found in zip(asked, scores, strict=True) if found.set_match is None]
    notes = [f"the gold of {one}" for one in failing]
    if undefined:
        shown = ", ".join(undefined[:5]) + (", ..." if len(undefined) > 5 else "")
        notes.append(f"exact set match is not defined for {len(undefined)} golds, and does not count there: {shown}")
    return notes


def lines(report: Report) -> list[str]:
    """The report for a terminal: metrics by hardness and by category, outcomes, notes."""
    means = scoring.aggregate(report.scores)
    groups = scoring.grouped(report.scores, report.groups)
    told = [f"{len(report.scores)} {report.split} questions of {report.source}", ""]
    for name in METRICS:
        if name in means:
            mean = means[name]
            told.append(f"{name:20} {mean['mean']:.3f} ({mean['low']:.3f} to {mean['high']:.3f})")
    for kind in ("hardness", "category"):
        told += ["", f"{kind:14} {'n':>5}  " + "  ".join(f"{name:>18}" for name in METRICS)]
        for label, found in groups[kind].items():
            row = "  ".join(f"{found[name]['mean']:18.3f}" if name in found else " " * 17 + "-" for name in METRICS)
            told.append(f"{label:14} {found['n']:5}  {row}")
    counted = ", ".join(f"{count} {name}" for name, count in scoring.outcomes(report.scores).items() if count)
    return [*told, "", f"outcomes: {counted}", *report.notes[:20]]


def write(report: Report, folder: Path) -> None:
    """`report.json` and `figures/report.png` in a folder, whole or not at all. Raises DataError where that cannot be."""
    jsonfiles.write_atomically(folder / "report.json", json.dumps(report.as_dict(), indent=1, ensure_ascii=False) + "\n")
    picture(report, folder / "figures" / "report.png")


def picture(report: Report, file: Path) -> Path:
    """Bars with 95 % intervals: all questions, then by hardness and by category. The file comes back."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = scoring.grouped(report.scores, report.groups)
    shown = {"all": {"n": len(report.scores), **scoring.aggregate(report.scores)}} | groups["hardness"] | groups["category"]
    figure = Figure(figsize=(max(7.0, 0.95 * len(shown) + 2), 4.2), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, (metric, label) in enumerate(LABELS.items()):
        found = [(number, one[metric]) for number, one in enumerate(shown.values()) if metric in one]
        where, means = [number + (place - 1) * 0.27 for number, _ in found], [one["mean"] for _, one in found]
        reach = [[one["mean"] - one["low"] for _, one in found], [one["high"] - one["mean"] for _, one in found]]
        axes.bar(where, means, 0.25, color=COLOURS[metric], label=label)
        axes.errorbar(where, means, yerr=reach, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2, alpha=0.75)
    axes.set_xticks(range(len(shown)), [f"{name}\n{one['n']}" for name, one in shown.items()], color=INK, fontsize=8)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.tick_params(length=0, colors=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for edge in (0.5, 0.5 + len(groups["hardness"])):
        axes.axvline(edge, color=FAINT, linewidth=1)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(f"{len(report.scores)} {report.split} questions, with 95 % intervals", loc="left", fontsize=11, color=INK)
    figure.legend(frameon=False, ncols=3, loc="outside lower center", labelcolor=INK)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    return file


def _sizes(corpus: layouts.Corpus) -> str:
    return ", ".join(f"{len(asked)} {split}" for split, asked in corpus.questions.items()) or "none"
