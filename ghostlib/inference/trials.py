"""What a prediction is worth with the model that ships: grammar and repair, new words, evidence, confidence, measured.

`python -m ghostlib.inference.trials [SCREENS] [--model RUN]` asks about a sample of the validation screens, writes
docs/results/ui2sql/predict.json and docs/results/predict.md, and the calibration beside the export. A killed one goes on.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean, median
from typing import Any

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.corpus import picture, records
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.reading import Box, Line
from ghostlib.corpus.records import Label, Screen
from ghostlib.inference import backends, calibration, coverage, evaluate, evidence, gguf, novelty, predict
from ghostlib.inference.backends import Backend
from ghostlib.inference.calibration import Calibration
from ghostlib.inference.predict import Wishes
from ghostlib.models.generate import Answer
from ghostlib.schemas import postgres
from ghostlib.schemas import score as scores
from ghostlib.schemas.schema import Schema
from ghostlib.tasks import Example

RESULTS, PAGE = Path("docs", "results", "ui2sql", "predict.json"), Path("docs", "results", "predict.md")
WAYS = {
    "neither": Wishes(grammar=False, repairs=0, by_rule=False),
    "grammar": Wishes(repairs=0, by_rule=False),
    "repair": Wishes(grammar=False, by_rule=False),
    "both": Wishes(by_rule=False),
    "both, after its list by rule": Wishes(),
}
USUAL = list(WAYS)[-1]
SCREENS = 40
READ = 0.3  # of a label's box that a line must cover to be its reading


def run(config: Config, *, screens: int = SCREENS, model: Path | None = None, progress: bool = True) -> dict[str, Any]:
    """The measurements, in the shape of predict.json; `screens` 0 takes the whole validation set.

    A calibration that could be fitted is saved beside the export. Raises ExportError where there is none.
    """
    from tqdm import tqdm

    asked = backends.opened("gguf", config, model)
    facts = gguf.manifest(asked.folder)
    weights = facts["files"][facts["text"]]["sha256"]
    task = tasks.named(config.task)
    questions = evaluate.sample(task.examples(config, "vision", "validation"), screens, seed=config.seed)
    file = configs.output() / "trials" / f"{weights[:16]}.jsonl"
    known = _stored(file)
    for question in tqdm(questions, "trials", unit="screen", disable=not progress):
        if question.id not in known:
            known[question.id] = tried(question, asked, config)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"id": question.id, "ways": known[question.id]}) + "\n")
    rows = [known[question.id] for question in questions]
    fitted = calibrated(rows, weights)
    if fitted and asked.folder:
        calibration.save(fitted, asked.folder)
    return {
        "measured": date.today().isoformat(),
        "model": f"{asked.model} ({weights[:16]})",
        "screens": len(questions),
        "ways": {way: summed([row[way] for row in rows]) for way in WAYS},
        "words": worded([row[USUAL]["sql"] for row in rows], [question.completion for question in questions], config),
        "calibration": fitted.quality() if fitted else f"fewer than {calibration.LEAST} valid answers: nothing can be said",
        "evidence": traced(list(coverage.screens(config, "validation").values()), configs.root() / "data"),
    }


def tried(question: Example, asked: Backend, config: Config) -> dict[str, dict[str, Any]]:
    """By way of WAYS: whether PostgreSQL accepts the answer, its schema score, the seconds, the times asked, the confidence."""
    task = tasks.named(config.task)
    truth = postgres.judge(question.completion).schema or Schema()
    answers = {held: asked.ask(question, held) for held in (False, True)}
    told = {}
    for way, wishes in WAYS.items():
        held = wishes.grammar
        spent = [answers[held].seconds]

        def again(one: Example, held: bool = held, spent: list[float] = spent) -> Answer:
            answer = asked.ask(one, held)
            spent.append(answer.seconds)
            return answer

        found = predict.judged(task, answers[held], again, wishes)
        told[way] = {
            "valid": found.verdict.valid,
            "score": round(float(scores.score(found.verdict.schema, truth).schema_score), 4),
            "seconds": round(sum(spent) + found.verdict.seconds, 3),
            "attempts": found.attempts,
            "confidence": round(answers[held].confidence, 5),
            "sql": found.sql,
        }
    return told


def worded(answers: Sequence[str], truths: Sequence[str], config: Config) -> dict[str, float]:
    """novelty.f1 of answers beside their truths."""
    known = novelty.held(config)
    pairs = zip(postgres.check_many(answers), postgres.check_many(truths), strict=True)
    return novelty.f1([novelty.counted(made.schema, true.schema or Schema(), known) for made, true in pairs])


def summed(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """One way's rows as shares and means."""
    return {
        "validity": round(fmean(row["valid"] for row in rows), 4),
        "schema_score": round(fmean(row["score"] for row in rows), 4),
        "seconds_mean": round(fmean(row["seconds"] for row in rows), 3),
        "seconds_median": round(median(row["seconds"] for row in rows), 3),
        "attempts": round(fmean(row["attempts"] for row in rows), 3),
    }


def calibrated(rows: Sequence[dict[str, dict[str, Any]]], weights: str) -> Calibration | None:
    """The Calibration of the valid answers of the usual way."""
    valid = [row[USUAL] for row in rows if row[USUAL]["valid"]]
    return calibration.fitted([row["confidence"] for row in valid], [row["score"] for row in valid], model=weights)


def traced(screens: Sequence[Screen], root: Path) -> dict[str, Any]:
    """How often a column is linked to the line that the record's label names, on the true schemas of the screens.

    `precision` is of the columns that were linked, `recall` of those whose label the OCR has read. `foreign_found` is the
    share of columns of another screen, put into the first table, that were not taken for shown; `lost_found` the share of
    labels that are told as unused when their column is taken away, `unused` the lines so told a screen when none is.
    """
    counted: Counter[str] = Counter()
    schemas = [verdict.schema for verdict in postgres.check_many([screen.output for screen in screens])]
    for number, (screen, schema) in enumerate(zip(screens, schemas, strict=True)):
        if schema is None or screen.reading is None:
            continue
        size = picture.size(records.picture_file(screen, root))
        lines = screen.reading.lines
        found = evidence.of(schema, lines, size)
        labels = {(label.table, label.column): label for label in screen.labels}
        for link in found.links:
            counted += _compared(link, labels.get((link.table, link.column)), lines)
        counted["unused"] += len(found.unused)
        counted["screens"] += 1
        counted += _disturbed(schema, screen, size, schemas[(number + 7) % len(schemas)])
    return {
        "screens": counted["screens"],
        "columns": counted["read"],
        "precision": _share(counted["right"], counted["right"] + counted["wrong"]),
        "recall": _share(counted["right"], counted["read"]),
        "foreign_found": _share(counted["foreign_found"], counted["foreign"]),
        "lost_found": _share(counted["lost_found"], counted["lost"]),
        "unused": round(counted["unused"] / max(1, counted["screens"]), 3),
    }


def _compared(link: evidence.Link, label: Label | None, lines: Sequence[Line]) -> Counter[str]:
    if label is None or not any(label.box) or not lines:
        return Counter()
    near = max(lines, key=lambda line: _covered(label.box, line.box))
    if _covered(label.box, near.box) < READ:
        return Counter()  # the OCR has not read it
    if link.box is None:
        return Counter(read=1)
    written = _letters(label.text)
    right = _covered(label.box, link.box) >= READ or (bool(written) and written in _letters(link.line or ""))
    return Counter(read=1, right=int(right), wrong=int(not right))


def _disturbed(schema: Schema, screen: Screen, size: tuple[int, int], other: Schema | None) -> Counter[str]:
    """One labelled column taken away, and one of another screen put in: is either seen?"""
    keys = {(table.name, column) for table in schema.tables for key in table.foreign_keys for column in key.columns}
    labels = [label for label in screen.labels if (label.table, label.column) not in keys and any(label.box)]
    names = {column.name for table in schema.tables for column in table.columns}
    foreign = [column for table in (other.tables if other else ()) for column in table.columns if not column.identity]
    known = {*names, *evidence.NAMING}  # a table's name column is rightly found behind a key
    foreign = [column for column in foreign if column.name not in known and not column.name.endswith("_id")]
    if len(labels) < 4 or not foreign:
        return Counter()
    lost, put = labels[len(labels) // 2], foreign[len(foreign) // 2]
    tables = [
        replace(
            table, columns=tuple(column for column in table.columns if (table.name, column.name) != (lost.table, lost.column))
        )
        for table in schema.tables
    ]
    tables[0] = replace(tables[0], columns=(*tables[0].columns, put))
    found = evidence.of(Schema(tuple(tables)), screen.reading.lines, size)
    kinds = {(link.table, link.column): link.kind for link in found.links}
    seen = any(_covered(lost.box, line.box) >= READ for line in found.unused)
    told = kinds[tables[0].name, put.name] != "shown"
    return Counter(foreign=1, foreign_found=int(told), lost=1, lost_found=int(seen))


def page(found: dict[str, Any]) -> str:
    """The measurements as a page in Markdown."""
    rows = [
        f"| {way} | {told['validity']:.2f} | {told['schema_score']:.2f} | {told['seconds_median']:.1f} | "
        f"{told['seconds_mean']:.1f} | {told['attempts']:.2f} |"
        for way, told in found["ways"].items()
    ]
    seen, words = found["evidence"], found["words"]
    return f"""# What a prediction is worth, measured

Measured on {found["measured"]} by `python -m ghostlib.inference.trials`, {found["screens"]} validation screens,
with {found["model"]} through llama.cpp. The readings are stored ones: the OCR's seconds are not in these.
Run it again after every training.

## Grammar and repair

| way | validity | schema score | seconds, median | seconds, mean | times asked |
|---|---|---|---|---|---|
{chr(10).join(rows)}

A grammar fixes the syntax, never a name: a column that stands twice and a key to a table that is not there are
syntactically sound. A repair shows the model PostgreSQL's message, at most twice, in the words of phase 1's examples.
The last way is the usual one: where the SQL is refused, the list that nano writes before it becomes SQL by rule, which can
hold neither fault; only where that is refused too is the model asked again.

## New words

Columns F1 of the usual way, all screens together, keys `id` not counted: {words["new"]:.2f} of the
{words["new_columns"]} columns whose name has a word of no word list or data set of the training,
{words["known"]:.2f} of the other {words["known_columns"]}.

## Confidence

The mean probability of the answer's tokens as a schema score to expect:
{found["calibration"]}.

## Evidence

On the true schemas of {seen["screens"]} validation screens, against the labels of their records:

| | |
|---|---|
| columns linked to a line that is their label (of those linked) | {seen["precision"]:.1%} |
| columns linked to their label (of {seen["columns"]} whose label the OCR has read) | {seen["recall"]:.1%} |
| columns of another screen that are not taken for shown | {seen["foreign_found"]:.1%} |
| labels whose column was taken away that are pointed out | {seen["lost_found"]:.1%} |
| lines a screen that are pointed out where nothing is missing | {seen["unused"]:.2f} |

The last two say that an unused label is a hint and no verdict. The drawn screens word their labels by the same glossary
that the links use, so a stranger's screenshot will do worse.
"""


def _covered(inner: Box, outer: Box) -> float:
    """The share of the first box that lies in the second."""
    wide, high = min(inner[2], outer[2]) - max(inner[0], outer[0]), min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = max(1, (inner[2] - inner[0]) * (inner[3] - inner[1]))
    return max(0, wide) * max(0, high) / area


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _stored(file: Path) -> dict[str, dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for line in lines:
        try:
            row = json.loads(line)
            found[row["id"]] = {way: row["ways"][way] for way in WAYS}
        except (ValueError, KeyError, TypeError):
            continue  # a kill cut it off
    return found


def main() -> None:
    """Measures, and writes the committed results, the page and the calibration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("screens", nargs="?", type=int, default=SCREENS, help="how many; 0 takes all")
    parser.add_argument("--model", type=Path, help="a run's folder or an export; without it the newest, else the shipped nano")
    chosen = parser.parse_args()
    found = run(configs.load("nano", scale="full"), screens=chosen.screens, model=chosen.model)
    write_atomically(configs.root() / RESULTS, json.dumps(found, indent=2) + "\n")
    write_atomically(configs.root() / PAGE, page(found))
    print(page(found))


if __name__ == "__main__":
    main()
