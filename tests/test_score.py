"""The score: what it must give, what it must never give, and that spelling and order do not count."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostlib.errors import DataError
from ghostlib.schemas import names, postgres
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table, from_dict
from ghostlib.schemas.score import METRICS, WEIGHTS, aggregate, family, grouped, score

ID = Column("id", "bigint", True, identity=True)
CUSTOMERS = Table(
    "customers",
    (ID, Column("full_name", "text", True), Column("email", "text", True), Column("status", "text", True)),
    ("id",),
    unique=(("email",),),
    checks=(Check("status IN ('active', 'paused')", ("status",), ("active", "paused")),),
)
ORDERS = Table(
    "orders",
    (ID, Column("customer_id", "bigint", True), Column("total", "numeric(10,2)"), Column("placed_at", "timestamptz")),
    ("id",),
    (ForeignKey(("customer_id",), "customers", ("id",)),),
    checks=(Check("total > (0)::numeric", ("total",)),),
    indexes=(Index(("customer_id",)),),
)
GOLD = Schema((CUSTOMERS, ORDERS))
NAMES = ("customer", "order", "invoice", "room", "guest", "ticket", "pet", "song", "city", "price", "due_date", "email")


@st.composite
def schemas(draw):
    """Schemas of one to four tables with keys, checks and indexes, every name of a table or column once."""
    seed = random.Random(draw(st.integers(0, 10**9)))
    tables = []
    for name in seed.sample(NAMES, seed.randint(1, 4)):
        plain = [Column(n, seed.choice(("text", "date", "integer")), seed.random() < 0.5) for n in seed.sample(NAMES, 4)]
        keys = tuple(ForeignKey((f"{parent.name}_key",), parent.name, ("id",)) for parent in tables if seed.random() < 0.5)
        columns = (ID, *plain, *(Column(key.columns[0], "bigint") for key in keys))
        unique = ((plain[0].name,),) * (seed.random() < 0.5)
        checks = (Check("x", (plain[1].name,), ("a", "b")),) * (seed.random() < 0.5)
        indexes = (Index((plain[2].name,)),) * (seed.random() < 0.5)
        tables.append(Table(name, columns, ("id",), keys, unique, checks, indexes))
    return Schema(tuple(tables))


def shuffled(schema, seed):
    mixed = random.Random(seed)

    def mix(things):
        return tuple(mixed.sample(things, len(things)))

    return Schema(
        mix(
            [
                replace(t, columns=mix(t.columns), foreign_keys=mix(t.foreign_keys), checks=mix(t.checks), unique=mix(t.unique))
                for t in schema.tables
            ]
        )
    )


def changed(schema, number, **changes):
    tables = list(schema.tables)
    tables[number] = replace(tables[number], **changes)
    return Schema(tuple(tables))


@settings(max_examples=60, deadline=None)
@given(schemas(), st.integers(0, 99))
def test_gold_against_gold_is_exactly_one_in_whatever_order_it_stands(gold, seed):
    found = score(shuffled(gold, seed), gold)
    assert found.schema_score == 1.0 and found.exact
    assert {found.metric(name) for name in WEIGHTS} <= {1.0, None}
    assert (found.hallucinated_tables, found.hallucinated_columns) == (0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(schemas(), schemas())
def test_f1_is_the_same_both_ways_and_every_number_is_between_zero_and_one(one, other):
    there, back = score(one, other), score(other, one)
    assert there.table.f1 == pytest.approx(back.table.f1) and there.table.precision == pytest.approx(back.table.recall)
    assert all(0 <= there.metric(name) <= 1 for name in METRICS if there.metric(name) is not None)
    assert not there.exact or one == other


@settings(max_examples=60, deadline=None)
@given(schemas(), st.randoms(use_true_random=False))
def test_dropping_or_inventing_anything_never_raises_the_score(gold, seed):
    number = seed.randrange(len(gold.tables))
    table = gold.tables[number]
    worse = [Schema(gold.tables[:number] + gold.tables[number + 1 :])]
    worse.append(Schema((*gold.tables, Table("zyxwv", (Column("qqq", "text"),)))))
    worse.append(changed(gold, number, columns=(*table.columns, Column("zyxwv", "text"))))
    worse.append(changed(gold, number, columns=tuple(c for c in table.columns if c.name != table.columns[1].name)))
    worse += [changed(gold, number, **{part: getattr(table, part)[:-1]}) for part in ("unique", "checks", "indexes")]
    worse.append(changed(gold, number, foreign_keys=table.foreign_keys[1:]))
    worse.append(changed(gold, number, indexes=(*table.indexes, Index(("id",)))))
    assert all(score(schema, gold).schema_score < 1 for schema in worse if schema != gold)


def test_renaming_a_column_that_no_key_uses_costs_column_points_and_no_others():
    columns = tuple(replace(c, name="zyxwv") if c.name == "placed_at" else c for c in ORDERS.columns)
    found = score(changed(GOLD, 1, columns=columns), GOLD)
    assert found.column.f1 == pytest.approx(7 / 8)
    assert all(found.metric(name) == 1.0 for name in WEIGHTS if name != "column_f1")


@settings(max_examples=80, deadline=None)
@given(schemas(), st.randoms(use_true_random=False), st.sampled_from(("zyxwv", "email_2", "order_total", "Kunde", "id_2")))
def test_renaming_any_column_without_a_key_costs_column_points_alone_checks_and_indexes_stay(gold, seed, name):
    number = seed.randrange(len(gold.tables))
    table = gold.tables[number]
    old = seed.choice([c.name for c in table.columns if c.type != "bigint"])

    def renamed(columns):
        return tuple(name if column == old else column for column in columns)

    made = replace(
        table,
        columns=tuple(replace(c, name=name) if c.name == old else c for c in table.columns),
        unique=tuple(renamed(columns) for columns in table.unique),
        checks=tuple(replace(check, columns=renamed(check.columns)) for check in table.checks),
        indexes=tuple(replace(index, columns=renamed(index.columns)) for index in table.indexes),
    )
    found = score(Schema((*gold.tables[:number], made, *gold.tables[number + 1 :])), gold)
    assert found.column.f1 < 1 and found.schema_score < 1
    assert {found.metric(part) for part in WEIGHTS if part != "column_f1"} <= {1.0, None}


@settings(max_examples=80, deadline=None)
@given(schemas(), schemas(), st.integers(0, 99))
def test_every_f1_and_every_pair_is_the_same_both_ways_and_in_any_order(one, other, seed):
    there, back = score(one, other), score(shuffled(other, seed), shuffled(one, seed))
    for name in ("table", "column", "foreign_key", "unique", "check", "index"):
        first, second = getattr(there, name), getattr(back, name)
        assert first.f1 == pytest.approx(second.f1), name
        assert (first.precision, first.recall) == pytest.approx((second.recall, second.precision)), name
    assert there.type_accuracy == pytest.approx(back.type_accuracy)


def test_a_name_spelt_the_same_is_never_given_away_for_two_half_alike_ones():
    gold = Schema((Table("t", (Column("start", "text"), Column("started", "date"), Column("starts", "integer"))),))
    made = Schema((Table("t", (Column("start", "text"), Column("starting", "date"), Column("starts", "integer"))),))
    assert score(made, gold).type_accuracy == 1.0


def test_an_application_prefix_that_all_tables_share_does_not_count():
    django = Schema(tuple(replace(t, name=f"shop_{t.name}", foreign_keys=()) for t in GOLD.tables))
    assert score(django, Schema(tuple(replace(t, foreign_keys=()) for t in GOLD.tables))).schema_score == 1.0
    assert names.without_prefix(("order_items", "orders")) == {"order_items": ("order", "item"), "orders": ("order",)}


def test_names_that_are_no_english_words_are_compared_as_they_are():
    for name in ("größe", "客户", "id2", "__", "a" * 500, "émail"):
        assert names.alike(name, name) == 1.0 and names.words(name)
    assert names.alike("客户", "订单") < 0.5


def test_a_schema_of_a_thousand_columns_under_other_names_is_scored():
    def wide(prefix):
        return Schema(
            tuple(Table(f"{prefix}{n}", tuple(Column(f"{prefix}{n}_{c}", "text") for c in range(25))) for n in range(40))
        )

    found = score(wide("left"), wide("right"))
    assert 0 <= found.schema_score < 1 and score(wide("left"), wide("left")).exact


def test_rows_by_group_hold_every_score_once_a_kind_and_say_how_many():
    scores = [score(GOLD, GOLD), score(None, GOLD), score(GOLD, GOLD)]
    keys = [{"archetype": "form", "tables": 2}, {"archetype": "list", "tables": 2}, {"archetype": "form"}]
    found = grouped(scores, keys)
    assert {kind: {label: row["n"] for label, row in rows.items()} for kind, rows in found.items()} == {
        "archetype": {"form": 2, "list": 1},
        "tables": {"2": 2},
    }
    assert found["archetype"]["form"]["schema_score"]["mean"] == 1.0 and found["tables"]["2"]["validity"]["mean"] == 0.5
    with pytest.raises(DataError, match="3 scores and 1 groups"):
        grouped(scores, keys[:1])


def test_names_match_through_case_plural_and_prefix_but_strangers_do_not():
    assert names.words("OrderItems") == names.words("tbl_order_item") == ("order", "item")
    assert names.alike("categories", "Category") == names.alike("addresses", "address") == 1.0
    assert names.alike_within("order_id", "orders", "id", "orders") == names.SAME_AFTER_PREFIX
    assert names.alike("price", "customer") < 0.5 < names.alike("phone_number", "phone_numbr") < 1
    keys = (ForeignKey(("customer_id",), "Customer", ("id",)),)
    renamed = Schema((replace(CUSTOMERS, name="Customer"), replace(ORDERS, foreign_keys=keys)))
    assert score(renamed, GOLD).schema_score == 1.0


def test_a_table_under_another_name_is_known_by_its_columns():
    found = score(changed(GOLD, 0, name="clients"), GOLD)
    assert found.hallucinated_tables == 0 and 0.5 < found.table.f1 < 1 and found.column.f1 == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("integer", "bigint", True),
        ("character varying(20)", "text", True),
        ("numeric(10,2)", "double precision", True),
        ("timestamptz(3)", "timestamp without time zone", True),
        ("text[]", "character varying(9)[]", True),
        ("date", "timestamptz", False),
        ("text", "text[]", False),
        ("integer", "numeric(10,2)", False),
    ],
)
def test_types_count_by_family(one, other, same):
    assert (family(one) == family(other)) is same


@pytest.mark.parametrize(
    ("part", "value", "metric"),
    [
        ("primary_key", (), "primary_key"),
        ("foreign_keys", (), "foreign_key_f1"),
        ("checks", (), "check_f1"),
        ("indexes", (), "index_f1"),
        ("columns", tuple(replace(c, not_null=True) for c in ORDERS.columns), "not_null_accuracy"),
        ("columns", tuple(replace(c, type="jsonb") if c.name == "total" else c for c in ORDERS.columns), "type_accuracy"),
    ],
)
def test_each_wrong_thing_shows_in_its_own_metric_alone(part, value, metric):
    found = score(changed(GOLD, 1, **{part: value}), GOLD)
    assert found.metric(metric) < 1
    assert all(found.metric(name) == 1.0 for name in WEIGHTS if name != metric)


def test_a_foreign_key_to_the_wrong_table_is_both_missing_and_invented():
    found = score(changed(GOLD, 1, foreign_keys=(ForeignKey(("customer_id",), "orders", ("id",)),)), GOLD)
    assert (found.foreign_key.precision, found.foreign_key.recall, found.foreign_key.f1) == (0, 0, 0)


def test_no_prediction_and_an_empty_one_are_zero_with_a_reason():
    for made in (None, Schema()):
        found = score(made, GOLD)
        assert found.schema_score == 0.0 and not found.valid and found.as_dict()["reason"]
        assert {found.metric(name) for name in METRICS} == {0.0}


def test_spelling_does_not_count_inline_or_alter_enum_or_check():
    inline = "CREATE TABLE a (id bigint PRIMARY KEY, k text UNIQUE CHECK (k IN ('x', 'y')), n int CHECK (n BETWEEN 1 AND 5));"
    altered = (
        "CREATE TYPE kind AS ENUM ('x', 'y'); CREATE TABLE a (n int, k kind, id bigint NOT NULL);"
        "ALTER TABLE a ADD PRIMARY KEY (id); CREATE UNIQUE INDEX ON a (k); ALTER TABLE a ADD CHECK (n >= 1 AND n <= 5);"
    )
    assert score(postgres.check(altered), postgres.check(inline)).exact


def test_the_json_shape_is_the_documented_one():
    found = score(GOLD, GOLD).as_dict()
    parts = {"table", "column", "foreign_key", "unique", "check", "index"}
    assert set(found) == parts | {"schema_score", "valid", "exact", "type_accuracy", "not_null_accuracy", "primary_key"} | {
        "hallucinated_tables",
        "hallucinated_columns",
    }
    assert all(found[part] == {"precision": 1.0, "recall": 1.0, "f1": 1.0} for part in parts)


def test_an_aggregate_counts_a_metric_only_where_there_is_something_to_count():
    bare = Schema((Table("tags", (ID,), ("id",)),))
    found = aggregate([score(bare, bare), score(None, GOLD)])
    assert found["schema_score"]["mean"] == 0.5 and found["foreign_key_f1"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert "foreign_key_f1" not in aggregate([score(bare, bare)])
    assert found["schema_score"]["low"] == 0.0 and found["schema_score"]["high"] == 1.0


def test_the_interval_is_that_of_the_normal_theory_and_depends_on_the_seed_alone():
    rows = [score(GOLD, GOLD)] * 300 + [score(None, GOLD)] * 100
    found = aggregate(rows, seed=4)["schema_score"]
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert found["mean"] == 0.75
    assert found["low"] == pytest.approx(0.75 - half, abs=0.01) and found["high"] == pytest.approx(0.75 + half, abs=0.01)
    assert aggregate(rows, seed=4) == aggregate(rows, seed=4) != aggregate(rows, seed=5)


def test_no_scores_are_an_error_in_one_line():
    with pytest.raises(DataError, match="no scores"):
        aggregate([])


def test_the_weights_are_the_documented_ones_and_add_up_to_one():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    page = (Path(__file__).parents[1] / "docs" / "scoring.md").read_text()
    assert all(f"| `{name}` | {weight:.2f} |" in page for name, weight in WEIGHTS.items())


def test_the_worked_examples_of_the_page_hold():
    page = (Path(__file__).parents[1] / "docs" / "scoring.md").read_text()
    truth_sql = page.split("The truth:\n```sql\n")[1].split("```")[0]

    def against(old, new):
        assert old in truth_sql
        return score(postgres.check(truth_sql.replace(old, new)), postgres.check(truth_sql))

    more = against("CREATE INDEX", "CREATE TABLE colours (hue text); CREATE INDEX")
    assert (more.table.f1, more.hallucinated_tables) == pytest.approx((0.8, 1 / 3))
    assert against(", total numeric(10,2) CHECK (total >= 0)", "").column.f1 == pytest.approx(0.909, abs=0.001)
    assert against("numeric(10,2) CHECK (total >= 0)", "text").type_accuracy == pytest.approx(5 / 6)
    assert against("numeric(10,2)", "double precision").type_accuracy == 1
    assert against("full_name text NOT NULL", "full_name text").not_null_accuracy == pytest.approx(5 / 6)
    assert against("orders (id bigint PRIMARY KEY", "orders (id bigint NOT NULL").primary_key == 0.5
    assert against("REFERENCES customers (id)", "REFERENCES orders (id)").foreign_key.f1 == 0
    assert against("total >= 0", "total > 0").check.f1 == 0
    assert against("CREATE INDEX", "CREATE INDEX ON orders (total); CREATE INDEX").index.f1 == pytest.approx(2 / 3)
    unique = against("email text UNIQUE);", "email text); CREATE UNIQUE INDEX ON customers (email);")
    assert unique.unique.f1 == unique.schema_score == 1
    assert f"`phone_number` {names.alike('phone', 'phone_number'):.2f}" in page and names.alike("price", "customer") == 0


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_a_schema_written_as_json_reads_back_as_an_equal_one(made):
    assert from_dict(json.loads(json.dumps(made.as_dict()))) == made
