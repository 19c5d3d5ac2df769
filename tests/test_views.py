"""What a schema looks like: no card or line on another, every table and key there, and odd names do not break it."""

import itertools

import pytest

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
