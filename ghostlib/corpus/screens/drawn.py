"""What becomes of a drawn page: its record, with the truth of its plan and the boxes that the browser found."""

from typing import Any

from ghostlib.corpus.reading import Line
from ghostlib.corpus.records import Label, Screen
from ghostlib.corpus.screens.arrangement import stands_for, widget
from ghostlib.corpus.screens.browser import Drawn
from ghostlib.corpus.screens.plan import Field, ScreenPlan
from ghostlib.schemas.ddl import canonical


def record(plan: ScreenPlan, look: str, size: tuple[int, int], drawn: Drawn, path: str, split: str) -> Screen:
    """The record of a screen that was drawn: truth, analysis, and the boxes of its labels and lines."""
    labels = tuple(
        Label(table, column, found["text"], tuple(found["box"]))
        for found in drawn.labels
        for table, column in (reference.split(".") for reference in found["columns"])
    )
    return Screen(
        image_path=path,
        output=canonical(plan.schema),
        domain=plan.domain,
        ui_analysis=analysis(plan),
        screen=plan.archetype,
        split=split,
        source="rendered",
        labels=labels,
        lines=tuple(Line(line["text"], tuple(line["box"])) for line in drawn.lines),
        title=plan.title,
        look=look,
        size=size,
    )


def complete(plan: ScreenPlan, drawn: Drawn) -> bool:
    """Whether a window shows all that the truth rests on: a label for every column, and every member of an enumeration."""
    seen = {reference for label in drawn.labels for reference in label["columns"]}
    columns = {f"{table.name}.{column.name}" for table in plan.schema.tables for column in table.columns if not column.identity}
    text = "\n".join(line["text"] for line in drawn.lines).lower()
    options = {option.lower() for section in plan.sections for field in section.fields for option in field.options}
    return columns <= seen and all(option in text for option in options)


def analysis(plan: ScreenPlan) -> dict[str, Any]:
    """What is on a screen in words: elements with the columns they stand for, relationships, and how complex it is."""
    elements = [
        {"label": field.label, "widget": _widget(field, section.layout), "column": _column(field)}
        for section in plan.sections
        for field in section.fields
    ]
    relationships = [
        f"{table.name}.{key.columns[0]} -> {key.table}.{key.references[0]}"
        for table in plan.schema.tables
        for key in table.foreign_keys
    ]
    columns = sum(len(table.columns) for table in plan.schema.tables)
    complexity = "low" if columns <= 8 else "medium" if columns <= 14 else "high"
    return {"elements": elements, "relationships": relationships, "complexity": complexity}


def _column(field: Field) -> str:
    """The column that an element is written to; chips of many records go to the table between."""
    own, *rest = stands_for(field).split()
    return rest[0] if field.kind == "many" else own


def _widget(field: Field, layout: str) -> str:
    if layout in ("rows", "names", "groups"):
        return "list column"
    return widget(field) if layout in ("fields", "settings") else "fact"
