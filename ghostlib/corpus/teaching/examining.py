"""A Draft -> a record that PostgreSQL created and the gates let through, or what is wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ghostlib.corpus import quality
from ghostlib.corpus.quality.labels import HABITS
from ghostlib.corpus.reading import Reading
from ghostlib.corpus.records import Label, Screen
from ghostlib.corpus.teaching import draft, marks
from ghostlib.corpus.teaching.draft import Draft, Trouble
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Schema

TOLD = 5  # problems that the teacher is shown at once
MENDED = ("dialect", "visible", "columns")  # gates whose finding the teacher can do something about


def examine(text: str, read: Callable[[], Reading]) -> Screen | Trouble:
    """The record in an answer, without the picture's path, or what keeps it from being one.

    `read` is the picture's reading; it is asked for last, as it takes a second. Raises SchemaError where PostgreSQL cannot
    be had: then nothing is kept.
    """
    made = draft.parse(text)
    if isinstance(made, Trouble):
        return made
    schema = _created(made.sql)
    if isinstance(schema, Trouble):
        return schema
    told = _told(made, schema)
    if told:
        return told
    read_off = read()
    labels, unread = _labels(made, read_off)
    if unread:
        return Trouble(
            "visible", f"the screen does not say {', '.join(map(repr, unread[:TOLD]))}; leave out what it does not show"
        )
    record = _record(made, schema, labels, read_off)
    for reject in quality.check([record]).rejects:
        return Trouble(reject.reason, reject.detail, final=reject.reason not in MENDED)
    return record


def _created(sql: str) -> Schema | Trouble:
    """What the server made of the SQL. What it skips (SET, INSERT, a function) is no part of the target language."""
    verdict = postgres.judge(sql)
    if verdict.schema is None:
        said = [f"line {one.line}: {one.message}" + (f" ({one.hint})" if one.hint else "") for one in verdict.problems[:TOLD]]
        return Trouble("sql", "PostgreSQL does not create it: " + "; ".join(said))
    if habit := HABITS.search(sql):
        return Trouble("dialect", f"{habit.group(1)!r} is MySQL's, write PostgreSQL")
    empty = [table.name for table in verdict.schema.tables if not table.columns]
    return Trouble("sql", f"{', '.join(empty[:TOLD])} has no columns") if empty else verdict.schema


def _told(made: Draft, schema: Schema) -> Trouble | None:
    """What the elements say against the schema: a column that it lacks, or a column that none of them shows."""
    known = {f"{table.name}.{column.name}" for table in schema.tables for column in table.columns}
    stray = sorted({one.column for one in made.elements if one.column} - known)
    if stray:
        return Trouble("columns", f"elements name {', '.join(stray[:TOLD])}, which the schema lacks")
    missing = quality.unlabelled(schema, [_label(one) for one in made.elements if one.column and one.label])
    if missing:
        words = ", ".join(missing[:TOLD])
        return Trouble("visible", f"no element shows {words}: leave out what is not on the screen, or add its element")
    return None


def _label(one: draft.Element) -> Label:
    table, _, column = one.column.partition(".")
    return Label(table, column, one.label)


def _labels(made: Draft, read: Reading) -> tuple[tuple[Label, ...], list[str]]:
    """The labels with the boxes of the lines that say them, and the words that no line says."""
    found, unread = [], []
    for one in made.elements:
        if not one.column:
            continue
        box = marks.find(one.label, read.lines)
        if box is None:
            unread.append(one.label)
        else:
            found.append(replace(_label(one), box=box))
    return tuple(found), unread


def _record(made: Draft, schema: Schema, labels: tuple[Label, ...], read: Reading) -> Screen:
    keys = [(table.name, key) for table in schema.tables for key in table.foreign_keys]
    analysis: dict[str, Any] = {
        "elements": [vars(one) for one in made.elements],
        # the server's, in the words of the drawn screens; the teacher's own may say something else
        "relationships": [f"{table}.{key.columns[0]} -> {key.table}.{key.references[0]}" for table, key in keys],
        "complexity": made.complexity,
    }
    return Screen(
        image_path="",
        output=ddl.canonical(schema),
        domain=made.domain,
        ui_analysis=analysis,
        screen=made.screen,
        source="teacher",
        labels=labels,
        reading=read,
    )
