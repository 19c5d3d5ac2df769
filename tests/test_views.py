"""What a schema looks like: no card or line on another, every table and key there, and odd names do not break it."""

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostlib.errors import SchemaError
from ghostlib.schemas import layout, views
from ghostlib.schemas.schema import Column, ForeignKey, Schema, Table

ID = Column("id", "bigint", True, identity=True)


def schema(count):
    """`count` tables, each with keys to some before it, to the next one (so in a circle) and now and then to itself."""
    tables = []
    for number in range(count):
        targets = sorted({number // 2, number // 3, (number + 1) % count, number} if number % 4 else {number // 2})
        keys = tuple(ForeignKey((f"table_{to}_id",), f"table_{to}", ("id",)) for to in targets)
        columns = (ID, *(Column(key.columns[0], "bigint", True) for key in keys))
        columns += tuple(Column(f"fact_{n}", "character varying(40)") for n in range(number % 7))
        tables.append(Table(f"table_{number}", columns, ("id",), keys))
    return Schema(tuple(tables))


def plan(made):
    rows = {(t.name, c.name): views._middle(t, n) for t in made.tables for n, c in enumerate(t.columns)}
    return layout.arrange(made, {table.name: views._size(table) for table in made.tables}, rows)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 25])
def test_no_card_lies_on_another_and_none_leaves_the_picture(count):
    made = plan(schema(count))
    for one, other in itertools.combinations(made.boxes.values(), 2):
        assert one.x + one.w < other.x or other.x + other.w < one.x or one.y + one.h < other.y or other.y + other.h < one.y
    assert all(0 < b.x and 0 < b.y and b.x + b.w < made.size[0] and b.y + b.h < made.size[1] for b in made.boxes.values())


@pytest.mark.parametrize("count", [1, 2, 3, 8, 25])
def test_every_key_has_its_line_and_no_line_runs_through_a_card(count):
    made = plan(schema(count))
    assert len(made.lines) == sum(len(table.foreign_keys) for table in schema(count).tables)
    for line in made.lines:
        for (x, y), (right, low) in itertools.pairwise(line.points):
            assert x == right or y == low
            for box in made.boxes.values():
                beside = max(x, right) <= box.x or min(x, right) >= box.x + box.w
                assert beside or max(y, low) < box.y or min(y, low) > box.y + box.h
            assert 0 < min(x, right) and max(x, right) < made.size[0] and 0 < min(y, low) and max(y, low) < made.size[1]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 25])
def test_both_ends_of_a_line_touch_their_cards(count):
    made = plan(schema(count))
    for line in made.lines:
        parent, child = made.boxes[line.parent], made.boxes[line.child]
        (x, y), (end, low) = line.points[0], line.points[-1]
        assert x == parent.x + parent.w and parent.y < y < parent.y + parent.h
        assert end == child.x + child.w * (line.parent == line.child) and child.y < low < child.y + child.h


def test_lines_of_different_parents_never_share_a_stretch():
    stretches = {}
    for line in plan(schema(25)).lines:
        for (x, y), (right, low) in itertools.pairwise(line.points):
            if x == right and y != low:
                stretches.setdefault(x, set()).add(line.parent)
    assert all(len(parents) == 1 for parents in stretches.values())


def test_a_picture_shows_its_tables_in_colour_and_grows_with_the_scale():
    small, large = (views.picture(schema(2), scale=scale) for scale in (1, 2))
    assert small.mode == "RGB" and large.width == pytest.approx(2 * small.width, abs=2)
    colours = {colour for _, colour in large.getcolors(maxcolors=1 << 20)}
    assert {(0x25, 0x63, 0xEB), (0x0F, 0x76, 0x6E)} <= colours


def test_long_tables_and_odd_names_are_drawn_all_the_same():
    wide = Table("x" * 200, tuple(Column(f"名{n} \"'\n", "numeric(10,2)") for n in range(200)))
    image = views.picture(Schema((wide, Table("", (Column("", ""),)), Table("bare"))))
    assert image.height < 3000 and image.width < 3000


def test_a_schema_without_tables_has_no_picture_and_says_so():
    with pytest.raises(SchemaError, match="without tables"):
        views.picture(Schema())


def test_mermaid_names_every_column_and_tells_how_many_may_stand_on_either_side():
    parent = Table("customers", (ID, Column("email", "text", True)), ("id",), unique=(("email",),))
    columns = (Column("customer_id", "bigint", True), Column("old id", "bigint"), Column("total", "numeric(10,2)"))
    keys = (ForeignKey(("customer_id",), "customers", ("id",)), ForeignKey(("old id",), "customers", ("id",)))
    made = Schema((parent, Table('Order "x"', columns, ("customer_id",), keys)))
    assert views.mermaid(made) == (
        "erDiagram\n"
        "    customers {\n"
        "        bigint id PK\n"
        "        text email UK\n"
        "    }\n"
        "    Order__x_ {\n"
        "        bigint customer_id PK, FK\n"
        "        bigint old_id FK\n"
        "        numeric total\n"
        "    }\n"
        '    customers ||--o| Order__x_ : "customer_id"\n'
        '    customers |o--o{ Order__x_ : "old id"\n'
    )


@pytest.mark.parametrize("count", [1, 2, 8, 25])
def test_the_svg_is_whole_xml_with_every_table_and_as_large_as_the_picture(count):
    made = schema(count)
    root = ElementTree.fromstring(views.svg(made))
    told = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {table.name for table in made.tables} <= told
    image = views.picture(made, scale=1)
    assert (int(root.get("width")), int(root.get("height"))) == pytest.approx(image.size, abs=1)
    assert {element.tag.split("}")[1] for element in root.iter()} <= {"svg", "rect", "path", "text", "circle", "polyline"}


@pytest.mark.parametrize(
    "name", ["</text><script>alert(1)</script>", "&lt;", "a\x00b", "\ud800", "\x1b[31m", "]]>", "x" * 500, ""]
)
def test_no_name_breaks_out_of_the_svg(name):
    made = Schema((Table(name, (Column(name, name),)),))
    root = ElementTree.fromstring(views.svg(made).encode("utf-8", "strict"))
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


@given(st.lists(st.text(min_size=0, max_size=12), min_size=1, max_size=5, unique=True))
def test_mermaid_keeps_to_its_grammar_whatever_the_names_are(names):
    columns = tuple(Column(name, "character varying(9)[]") for name in names)
    made = Schema(
        tuple(Table(name, columns, foreign_keys=(ForeignKey((names[0],), names[-1], (names[0],)),)) for name in names)
    )
    head, *lines = views.mermaid(made).rstrip("\n").split("\n")
    opened = [line.strip(" {") for line in lines if line.endswith("{")]
    word, kind = r"[A-Za-z][\w-]*", r"[A-Za-z][\w\[\]()-]*"
    row = (
        rf'    {word} \{{|        {kind} {word}(?: (?:PK|FK|UK)(?:, (?:PK|FK|UK))*)?|    \}}|    {word} \S+ {word} : "[^"\n]*"'
    )
    assert head == "erDiagram" and len(set(opened)) == len(names)
    assert all(re.fullmatch(row, line, re.ASCII) for line in lines)
    assert sum('"' in line for line in lines) == len(names)
