"""Schema -> something to look at: Mermaid text for Markdown pages, and a picture (PNG, SVG) of the tables and keys."""

import importlib.util
import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import layout
from ghostlib.schemas.schema import Column, Schema, Table

if TYPE_CHECKING:
    from PIL import Image

# Header and line colours in turn; of Tailwind's 600 row, which keeps white text readable (4.5 : 1 and more).
HEADERS = ("#2563eb", "#0f766e", "#9333ea", "#c2410c", "#be185d", "#4d7c0f", "#0369a1", "#7c2d12")
PAPER, CARD, EDGE, INK, SOFT, STRIPE = "#f8fafc", "#ffffff", "#cbd5e1", "#0f172a", "#64748b", "#f1f5f9"
MARKS = {"PK": ("#fef3c7", "#92400e"), "FK": ("#e0e7ff", "#3730a3"), "UQ": ("#dcfce7", "#166534")}
ROW, HEAD, PAD, MARK = 22, 30, 12, 32  # heights of a row and a header, side padding, the marker's column
SHOWN = 30  # columns of one card; the rest is counted in its last row
LONGEST = 30  # letters of a name or a type
SHARP = 2  # drawn larger by this and shrunk, for smooth lines


def mermaid(schema: Schema) -> str:
    """The schema as a Mermaid `erDiagram`; odd letters in names become underscores there, as its grammar wants."""
    lines, known = ["erDiagram"], _words([table.name for table in schema.tables])
    for table in schema.tables:
        names = _words([column.name for column in table.columns])
        lines.append(f"    {known[table.name]} {{")
        for column in table.columns:
            bare = re.sub(r"\(\d+,\s*-?\d+\)", "", column.type)  # numeric(10,2): the grammar has no comma
            kind = re.sub(r"[^\w\[\]()]+", "_", bare, flags=re.ASCII).lstrip("_0123456789[]()") or "unknown"
            keys = ", ".join({"UQ": "UK"}.get(mark, mark) for mark in _marks(table, column))
            lines.append(f"        {kind} {names[column.name]} {keys}".rstrip())
        lines.append("    }")
    for table in schema.tables:
        for key in (key for key in table.foreign_keys if key.table in known):
            needed = all(column.not_null for name in key.columns if (column := table.column(name)))
            single = key.columns in table.unique or key.columns == table.primary_key
            link = f"{'||' if needed else '|o'}--{'o|' if single else 'o{'}"
            label = re.sub(r'["\x00-\x1f\x7f\u0085\u2028\u2029]', "_", ", ".join(key.columns))
            lines.append(f'    {known[key.table]} {link} {known[table.name]} : "{label}"')
    return "\n".join(lines) + "\n"


def picture(schema: Schema, *, scale: int = 2) -> "Image.Image":
    """The tables as cards and the foreign keys as lines, RGB, `scale` pixels for each logical one.

    A parent stands left of its children; bold is NOT NULL. Raises SchemaError for a schema without tables.
    """
    from PIL import Image, ImageDraw

    plan = _plan(schema)
    zoom = scale * SHARP
    image = Image.new("RGB", (round(plan.size[0] * zoom), round(plan.size[1] * zoom)), PAPER)
    draw = ImageDraw.Draw(image)
    colours = _colours(schema)
    for line in plan.lines:
        _line(draw, line, colours[line.parent], zoom)
    for table in schema.tables:
        _card(draw, table, plan.boxes[table.name], colours[table.name], zoom)
    return image.resize((image.width // SHARP, image.height // SHARP), Image.Resampling.LANCZOS)


def svg(schema: Schema) -> str:
    """The same picture as a self-contained SVG: no script, no font of its own, every name escaped.

    Raises SchemaError for a schema without tables.
    """
    plan, colours = _plan(schema), _colours(schema)
    width, height = (round(side) for side in plan.size)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for line in plan.lines:
        parts += _svg_line(line, colours[line.parent])
    for table in schema.tables:
        parts += _svg_card(table, plan.boxes[table.name], colours[table.name])
    return "\n".join([*parts, "</svg>\n"])


def _plan(schema: Schema) -> layout.Layout:
    if not schema.tables:
        raise SchemaError("a schema without tables has no picture; check it with `ghost check` first")
    sizes = {table.name: _size(table) for table in schema.tables}
    rows = {(table.name, column.name): _middle(table, n) for table in schema.tables for n, column in enumerate(table.columns)}
    return layout.arrange(schema, sizes, rows)


def _colours(schema: Schema) -> dict[str, str]:
    return {table.name: HEADERS[number % len(HEADERS)] for number, table in enumerate(schema.tables)}


def _svg_line(line: layout.Line, colour: str) -> Iterator[str]:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in _rounded(line.points, 7))
    yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.7"/>'
    (x, y), (end, low) = line.points[0], line.points[-1]
    foot = end + 9 if line.parent == line.child else end - 9
    yield f'<circle cx="{x + 4.5:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    toes = f"M{foot:.1f} {low:.1f}L{end:.1f} {low - 5:.1f}M{foot:.1f} {low:.1f}L{end:.1f} {low + 5:.1f}"
    yield f'<path d="{toes}" stroke="{colour}" stroke-width="1.7"/>'


def _svg_card(table: Table, box: layout.Box, colour: str) -> Iterator[str]:
    x, y, right = box.x, box.y, box.x + box.w
    yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" rx="7" fill="{CARD}" stroke="{EDGE}"/>'
    top = f"M{x:.1f} {y + HEAD:.1f}v-{HEAD - 7}q0 -7 7 -7h{box.w - 14:.1f}q7 0 7 7v{HEAD - 7}z"
    yield f'<path d="{top}" fill="{colour}"/>'
    yield _svg_text(table.name, x + PAD, y + HEAD / 2, "#ffffff", size=13, bold=True)
    for number, column in enumerate(table.columns[:SHOWN]):
        middle = y + _middle(table, number)
        if number % 2:
            place = f'x="{x + 1:.1f}" y="{middle - ROW / 2:.1f}" width="{box.w - 2:.1f}" height="{ROW}"'
            yield f'<rect {place} fill="{STRIPE}"/>'
        for mark in _marks(table, column)[:1]:
            ground, ink = MARKS[mark]
            yield f'<rect x="{x + PAD - 3:.1f}" y="{middle - 7:.1f}" width="23" height="14" rx="4" fill="{ground}"/>'
            yield _svg_text(mark, x + PAD + 8.5, middle, ink, size=8.5, bold=True, anchor="middle")
        ink = INK if column.not_null else "#334155"
        yield _svg_text(column.name, x + PAD + MARK - 4, middle, ink, bold=column.not_null)
        yield _svg_text(_kind(column), right - PAD, middle, SOFT, size=11, anchor="end")
    if len(table.columns) > SHOWN:
        more = f"{len(table.columns) - SHOWN} more columns"
        yield _svg_text(more, x + PAD + MARK - 4, y + _middle(table, SHOWN), SOFT, size=11)


def _svg_text(text: str, x: float, y: float, ink: str, *, size: float = 12, bold: bool = False, anchor: str = "start") -> str:
    """A word in its middle line; what XML forbids in a text is a box, and what it reads is escaped."""
    plain = escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", _cut(text)))
    weight = ' font-weight="bold"' * bold
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="central"'
    return f'<text {where} font-size="{size}"{weight} fill="{ink}">{plain}</text>'


def _words(names: list[str]) -> dict[str, str]:
    """Each name as a word of Mermaid's grammar, no two the same."""
    found: dict[str, str] = {}
    for name in names:
        bare = re.sub(r"\W", "_", name, flags=re.ASCII)
        bare = word = bare if re.match(r"[A-Za-z]", bare) else f"t{bare}" if bare.startswith("_") else f"t_{bare}"
        number = 1
        while word in found.values():
            number += 1
            word = f"{bare}_{number}"
        found[name] = word
    return found


def _marks(table: Table, column: Column) -> list[str]:
    found = ["PK"] * (column.name in table.primary_key)
    found += ["FK"] * any(column.name in key.columns for key in table.foreign_keys)
    return found or ["UQ"] * ((column.name,) in table.unique)


@lru_cache(maxsize=32)
def _font(bold: bool, size: float) -> Any:
    """DejaVu Sans, which matplotlib brings along, so that the picture is the same on every machine."""
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise SchemaError("a picture needs the font that matplotlib brings; install matplotlib")
    fonts = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    file = fonts / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


def _cut(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _kind(column: Column) -> str:
    return _cut(column.type.replace("character varying", "varchar").replace("double precision", "double"))


def _size(table: Table) -> tuple[float, float]:
    """A card's width and height in logical pixels, wide enough for every name beside its type."""
    shown = table.columns[:SHOWN]
    names = [MARK + _font(c.not_null, 12).getlength(_cut(c.name)) + 24 + _font(False, 11).getlength(_kind(c)) for c in shown]
    width = max([150, _font(True, 13).getlength(_cut(table.name)), *names]) + 2 * PAD
    return width, HEAD + ROW * (len(shown) + (len(table.columns) > SHOWN)) + 6


def _middle(table: Table, number: int) -> float:
    return HEAD + 3 + ROW * (min(number, SHOWN) + 0.5)


def _card(draw: Any, table: Table, box: layout.Box, colour: str, zoom: int) -> None:
    def at(*numbers: float) -> tuple[float, ...]:
        return tuple(number * zoom for number in numbers)

    x, y, right, bottom = box.x, box.y, box.x + box.w, box.y + box.h
    draw.rounded_rectangle(at(x + 1, y + 3, right + 1, bottom + 3), 7 * zoom, fill="#e2e8f0")
    draw.rounded_rectangle(at(x, y, right, bottom), 7 * zoom, fill=CARD, outline=EDGE, width=zoom)
    draw.rounded_rectangle(at(x, y, right, y + HEAD), 7 * zoom, fill=colour, corners=(True, True, False, False))
    draw.text(at(x + PAD, y + HEAD / 2), _cut(table.name), "#ffffff", _font(True, 13 * zoom), anchor="lm")
    for number, column in enumerate(table.columns[:SHOWN]):
        middle = y + _middle(table, number)
        if number % 2:
            draw.rectangle(at(x + 1, middle - ROW / 2, right - 2, middle + ROW / 2), fill=STRIPE)
        marks = _marks(table, column)
        if marks:
            ground, ink = MARKS[marks[0]]
            draw.rounded_rectangle(at(x + PAD - 3, middle - 7, x + PAD + 20, middle + 7), 4 * zoom, fill=ground)
            draw.text(at(x + PAD + 8.5, middle), marks[0], ink, _font(True, 8.5 * zoom), anchor="mm")
        ink = INK if column.not_null else "#334155"
        draw.text(at(x + PAD + MARK - 4, middle), _cut(column.name), ink, _font(column.not_null, 12 * zoom), anchor="lm")
        draw.text(at(right - PAD, middle), _kind(column), SOFT, _font(False, 11 * zoom), anchor="rm")
    if len(table.columns) > SHOWN:
        more = f"{len(table.columns) - SHOWN} more columns"
        draw.text(at(x + PAD + MARK - 4, y + _middle(table, SHOWN)), more, SOFT, _font(False, 11 * zoom), anchor="lm")


def _line(draw: Any, line: layout.Line, colour: str, zoom: int) -> None:
    """The way with round corners; a dot on the parent, a crow's foot on the child, who may come many times."""
    points = _rounded(line.points, 7)
    draw.line([(x * zoom, y * zoom) for x, y in points], fill=colour, width=round(1.7 * zoom), joint="curve")
    (x, y), (end, low) = line.points[0], line.points[-1]
    draw.ellipse([(x + 1) * zoom, (y - 3.5) * zoom, (x + 8) * zoom, (y + 3.5) * zoom], fill=colour)
    foot = end + 9 if line.parent == line.child else end - 9  # a line to itself comes back on the right
    for reach in (-5, 5):
        draw.line([foot * zoom, low * zoom, end * zoom, (low + reach) * zoom], fill=colour, width=round(1.7 * zoom))


def _rounded(points: tuple[tuple[float, float], ...], radius: float) -> list[tuple[float, float]]:
    """The same way with each corner replaced by a quadratic curve of at most `radius`."""
    found = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        ends = []
        for other in (before, after):
            far = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
            share = min(radius, far / 2) / far if far else 0.0
            ends.append((corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share))
        for step in range(9):
            t = step / 8
            weights = ((1 - t) ** 2, 2 * t * (1 - t), t * t)
            x, y = (sum(w * p[axis] for w, p in zip(weights, (ends[0], corner, ends[1]), strict=True)) for axis in (0, 1))
            found.append((x, y))
    return [*found, points[-1]]
