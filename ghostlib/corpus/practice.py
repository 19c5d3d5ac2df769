"""An endless stream of exercises for nano's pretraining, drawn without a browser: readings to list, lists to write as SQL.

The screens are planned by `screens.views` from the training domains and from invented ones; `sketch` lays their text out
as a page would, so that a reading of it has the form that the OCR's has.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from ghostlib.corpus import invented, reading
from ghostlib.corpus.reading import Line
from ghostlib.corpus.screens import views
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section
from ghostlib.schemas import ddl
from ghostlib.schemas.schema import Column, Schema, Table

LIST = "List the tables and fields on this screen."
WRITE = "Write this list as PostgreSQL."
SIZES = ((1280, 800), (1440, 900), (1024, 768))
KINDS = {"numeric(10,2)": "money", "numeric(5,2)": "percent", "timestamptz": "time", "timestamp with time zone": "time"}
KINDS |= {"integer": "number", "boolean": "yes or no", "bigint": "number"}


@dataclass(frozen=True)
class Practice:
    """One exercise; where `prompt` is empty, every token of `completion` counts."""

    prompt: str
    completion: str


def stream(seed: int, *, limit: int | None = None) -> Iterator[Practice]:
    """Exercises without end (or `limit` of them), the same for the same seed."""
    rng = random.Random(seed)
    for number in itertools.count():
        if number == limit:
            return
        plan = screen(rng)
        chance = rng.random()
        if chance < 0.78:
            lines, size = sketch(plan, rng)
            if rng.random() < 0.6:
                lines = reading.noisy(lines, rng)
            yield Practice(f"{LIST}\n{reading.prompt(lines, size)}", listing(plan.schema))
        elif chance < 0.95:
            yield Practice(f"{WRITE}\n{listing(plan.schema)}", ddl.canonical(plan.schema))
        else:
            yield Practice("", ddl.canonical(plan.schema))


def screen(rng: random.Random) -> ScreenPlan:
    """A plan from an invented domain (two of three) or a training domain; forms and lists come most often."""
    archetype = rng.choices(views.ARCHETYPES, (5, 5, 3, 1, 1))[0]
    domain = invented.domain(rng) if rng.random() < 0.65 else rng.choice(TRAINING)
    return views.plan(domain, archetype, rng)


def listing(schema: Schema) -> str:
    """The schema as a plain list: `# orders`, then a line a field with its kind in words. Keys `id` go without saying."""
    return "\n".join("\n".join([f"# {table.name}", *_fields(table)]) for table in schema.tables)


def _fields(table: Table) -> Iterator[str]:
    links = {key.columns[0]: key.table for key in table.foreign_keys if len(key.columns) == 1}
    checks = {check.columns[0]: check for check in table.checks if len(check.columns) == 1}
    unique = {columns[0] for columns in table.unique if len(columns) == 1}
    indexed = {index.columns[0] for index in table.indexes}
    for column in table.columns:
        if column.identity:
            continue
        said = [f"link {links[column.name]}" if column.name in links else _kind(column, checks)]
        said += ["required"] * column.not_null + ["unique"] * (column.name in unique)
        said += ["index"] * (column.name in indexed and column.name not in links)
        yield f"{column.name}: {', '.join(said)}"


def _kind(column: Column, checks: dict) -> str:
    if column.name in checks:
        values = checks[column.name].values
        return f"choice {' / '.join(values)}" if values else "stars"
    return KINDS.get(column.type, column.type)


def sketch(plan: ScreenPlan, rng: random.Random) -> tuple[list[Line], tuple[int, int]]:
    """The text of a screen with boxes in pixels, and the screen's size (width, height)."""
    page = _Page(rng, rng.choice(SIZES))
    page.furnish(plan)
    for figure in plan.figures:
        if figure.kind == "card":
            page.below(figure.title, *figure.numbers)
    for section in plan.sections:
        if section.layout == "rows":
            page.rows(section)
        elif section.layout == "names":
            page.names(section)
        else:
            page.fields(section, plan.marks)
    return list(reading.in_order(page.lines)), page.size


class _Page:
    """A page that fills from the top; holds where the next thing goes."""

    def __init__(self, rng: random.Random, size: tuple[int, int]) -> None:
        self.rng, self.size = rng, size
        self.lines: list[Line] = []
        self.left, self.y = 30, 20
        self.step = rng.choice((26, 30, 36))
        self.capitals = rng.random() < 0.3  # table headers in capitals, as many looks have them

    def put(self, text: str, x: float, y: float, *, high: int = 14) -> None:
        if text and y < self.size[1] - 8 and x < self.size[0] - 20:
            self.lines.append(Line(text, (int(x), int(y), int(x + 7.2 * len(text)), int(y + high))))

    def furnish(self, plan: ScreenPlan) -> None:
        """What stands round the data: brand, navigation, person, path, title and buttons; moves to where content begins."""
        self.put(plan.brand, 24, 22, high=18)
        if self.rng.random() < 0.65:
            for number, (_, title) in enumerate(plan.nav):
                self.put(title, 50, 76 + 38 * number)
            self.left = 250
        else:
            x = 240.0
            for _, title in plan.nav:
                self.put(title, x, 24)
                x += 7.2 * len(title) + 34
            self.y = 60
        if self.rng.random() < 0.5:
            self.put(plan.user, self.size[0] - 190, 24)
        if self.rng.random() < 0.4:
            self.put(f"{plan.domain.title()} / {plan.title}", self.left, self.y + 20)
        self.put(plan.record if plan.record and self.rng.random() < 0.3 else plan.title, self.left, self.y + 50, high=24)
        for number, word in enumerate(self.rng.sample(("Save", "Cancel", "Export", "Filter", "Import"), 2)):
            self.put(word, self.size[0] - 120 - 110 * number, self.y + 54)
        self.y += 96

    def below(self, *texts: str) -> None:
        for text in texts:
            self.put(text, self.left, self.y)
            self.y += 22

    def rows(self, section: Section) -> None:
        """A list: its tabs and search, the header, a line of cells for each record."""
        self.put(section.title, self.left, self.y, high=18)
        self.y += 30
        tabbed = next((field for field in section.fields if field.column == section.filtered_by), None)
        x = float(self.left)
        for word in ("All", *tabbed.options) if tabbed else ():
            self.put(word, x, self.y)
            x += 7.2 * len(word) + 30
        if section.search:
            self.put(section.search, self.size[0] - 330, self.y)
        self.y += 40 if tabbed or section.search else 0
        wide = (self.size[0] - self.left - 40) / max(1, len(section.fields))
        for number, field in enumerate(section.fields):
            arrow = " ↓" if field.column == section.sorted_by and self.rng.random() < 0.5 else ""
            label = field.label.upper() if self.capitals else field.label
            self.put(label + arrow, self.left + wide * number, self.y)
        for row in range(section.rows):
            self.y += self.step + 8
            for number, field in enumerate(section.fields):
                self.put(_cell(field, row)[: int(wide / 7.2) - 1], self.left + wide * number, self.y)
        self.y += 44

    def names(self, section: Section) -> None:
        self.put(section.search, self.left - 190, 110)
        for number, name in enumerate(section.fields[0].values):
            self.put(name[:22], self.left - 190, 150 + 44 * number)

    def fields(self, section: Section, marks: str) -> None:
        """Labels in one to three columns, each with its value or its options below."""
        self.put(section.title, self.left, self.y, high=18)
        self.y += 34
        columns = self.rng.choice((1, 2, 2)) if section.layout == "fields" else self.rng.choice((1, 2, 3))
        wide = (self.size[0] - self.left - 60) / columns
        for number, field in enumerate(section.fields):
            x = self.left + wide * (number % columns)
            mark = " *" if marks == "asterisk" and field.required else ""
            mark = " (optional)" if marks == "optional" and not field.required else mark
            self.put(field.label + mark, x, self.y)
            self._answer(field, section, x)
            if number % columns == columns - 1 or number == len(section.fields) - 1:
                self.y += self.step + 30

    def _answer(self, field: Field, section: Section, x: float) -> None:
        y = self.y + 24
        if field.options:
            for option in field.options:
                self.put(option, x, y)
                x += 7.2 * len(option) + 30
        elif field.kind != "bool" or section.layout == "facts":
            self.put(_cell(field, 0)[:40], x + 8, y)


def _cell(field: Field, row: int) -> str:
    """What can be read of a value: stars are drawn, not written."""
    return "" if field.kind == "stars" else field.values[row] if row < len(field.values) else ""


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that the seed decides."""
    return random.Random(seed).sample(range(count), count)
