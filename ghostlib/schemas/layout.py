"""Where the cards and lines of a schema's picture go: pure geometry in logical pixels, so that "nothing overlaps" is a test.

Parents stand left of their children. A line leaves a parent on its right, runs in the gutters between the columns of
cards, each on its own track, and enters the child on its left; long ways share a trunk for each parent and go through
lanes above the cards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ghostlib.schemas.schema import Schema

MARGIN, GAP, TRACK, GUTTER, LANE = 28, 26, 11, 30, 12  # margin, between cards, between lines, beside lines, between lanes
Trunk = tuple[str, str, str]  # parent, its column, and for a short way the child's key


@dataclass(frozen=True)
class Box:
    """A card's place: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Line:
    """A foreign key's way as corner points, from the parent's right edge to the child's left edge."""

    parent: str
    child: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """Everything in its place; `size` is the picture's width and height."""

    boxes: Mapping[str, Box]
    lines: tuple[Line, ...]
    size: tuple[float, float]


def arrange(schema: Schema, sizes: Mapping[str, tuple[float, float]], row: Mapping[tuple[str, str], float]) -> Layout:
    """The layout of the schema's tables.

    `sizes` holds each card's width and height, `row` the height of a column's middle below its card's top.
    """
    columns = _columns(schema, sizes)
    place = {table: number for number, column in enumerate(columns) for table in column}
    ways = _ways(schema, place)
    tracks: list[list[Trunk]] = [[] for _ in range(len(columns) + 1)]  # gutter -> what runs in it, each on its own x
    lanes: list[Trunk] = []
    for way in ways:
        _join(tracks[place[way.parent] + 1], way.trunk)
        if way.long:
            _join(tracks[place[way.child]], way.trunk)
            _join(lanes, way.trunk)
    top = MARGIN + LANE * (len(lanes) + 1 if lanes else 0)
    boxes, gutters, width = _boxes(columns, tracks, sizes, top)

    def track(gutter: int, trunk: Trunk) -> float:
        return gutters[gutter] + GUTTER + TRACK * tracks[gutter].index(trunk)

    lines = []
    for way in ways:
        parent, child = boxes[way.parent], boxes[way.child]
        start, end = (parent.x + parent.w, parent.y + row[way.parent, way.to]), (child.x, child.y + row[way.child, way.source])
        out = track(place[way.parent] + 1, way.trunk)
        corners = [(out, start[1]), (out, end[1])]
        if way.long:
            lane, back = MARGIN + LANE * lanes.index(way.trunk), track(place[way.child], way.trunk)
            corners = [(out, start[1]), (out, lane), (back, lane), (back, end[1])]
        if way.parent == way.child:
            end = (child.x + child.w, end[1])
        lines.append(Line(way.parent, way.child, (start, *corners, end)))
    height = max((box.y + box.h for box in boxes.values()), default=0) + MARGIN
    return Layout(boxes, tuple(lines), (width, height))


@dataclass(frozen=True)
class _Way:
    """A foreign key to be drawn; long ways to the same column of the same parent share one trunk, like a tree."""

    parent: str
    to: str
    child: str
    source: str
    long: bool
    trunk: Trunk


def _ways(schema: Schema, place: Mapping[str, int]) -> list[_Way]:
    found = []
    for table in schema.tables:
        for number, key in enumerate(table.foreign_keys):
            if key.table in place:
                long = key.table != table.name and place[table.name] != place[key.table] + 1
                trunk = (key.table, key.references[0], "" if long else f"{table.name} {number}")
                found.append(_Way(key.table, key.references[0], table.name, key.columns[0], long, trunk))
    return found


def _join(trunks: list[Trunk], trunk: Trunk) -> None:
    if trunk not in trunks:
        trunks.append(trunk)


def _boxes(
    columns: list[list[str]], tracks: list[list[Trunk]], sizes: Mapping[str, tuple[float, float]], top: float
) -> tuple[dict[str, Box], list[float], float]:
    """The cards, where each gutter begins, and the picture's width. Columns are centred on the tallest one."""
    heights = [sum(sizes[name][1] for name in column) + GAP * (len(column) - 1) for column in columns]
    boxes, gutters, x = {}, [0.0], float(MARGIN)
    if tracks[0]:
        x = GUTTER + TRACK * len(tracks[0]) + GUTTER
    for number, column in enumerate(columns):
        y = top + (max(heights) - heights[number]) / 2
        for name in column:
            boxes[name] = Box(x, y, *sizes[name])
            y += sizes[name][1] + GAP
        x += max((sizes[name][0] for name in column), default=0)
        gutters.append(x)
        last = number == len(columns) - 1
        x += (2 * GUTTER + TRACK * max(len(tracks[number + 1]) - 1, 0)) if not last or tracks[number + 1] else MARGIN
    return boxes, gutters, x if columns else 2 * MARGIN


def _columns(schema: Schema, sizes: Mapping[str, tuple[float, float]]) -> list[list[str]]:
    """Tables by their depth below the tables that point nowhere; a tall depth is broken into several columns."""
    parents = {table.name: [key.table for key in table.foreign_keys if key.table != table.name] for table in schema.tables}
    depth: dict[str, int] = {}
    waiting = list(parents)
    while waiting:
        ready = [name for name in waiting if all(parent in depth or parent not in parents for parent in parents[name])]
        for name in ready or waiting[:1]:  # in a circle somebody must be first
            depth[name] = 1 + max((depth[parent] for parent in parents[name] if parent in depth), default=-1)
            waiting.remove(name)
    area = sum((sizes[name][0] + 2 * GUTTER) * (sizes[name][1] + GAP) for name in parents)
    limit = max(max((sizes[name][1] for name in parents), default=0), (area / 1.6) ** 0.5)
    columns: list[list[str]] = []
    seat: dict[str, float] = {}
    for level in sorted(set(depth.values())):
        names = [name for name in parents if depth[name] == level]
        names.sort(key=lambda name: sum(seat.get(p, 0) for p in parents[name]) / max(len(parents[name]), 1))
        columns.append([])
        tall = 0.0
        for name in names:
            if columns[-1] and tall + sizes[name][1] > limit:
                columns.append([])
                tall = 0.0
            columns[-1].append(name)
            seat[name] = tall
            tall += sizes[name][1] + GAP
    return columns
