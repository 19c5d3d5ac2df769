"""A screen as a plain list, and the schema that such a list is by rule: whatever a model writes, the server creates it."""

import random
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghostlib.corpus import laid, lists
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Check, Column, ForeignKey, Schema, Table

ID = Column("id", "bigint", not_null=True, identity=True)
KINDS = [*lists.TYPES, "choice new / worn", "from 0 to 100", "link b", "link a", "choice ", "link ", "?"]


def plans(count, seed=5):
    rng = random.Random(seed)
    return [laid.screen(rng).schema for _ in range(count)]


def spelled(column):
    return column.name, lists.KINDS.get(column.type, column.type), column.not_null


def test_a_list_names_every_table_and_every_field_but_the_identity_and_parents_stand_first_as_in_sql():
    for schema in plans(60):
        lines = lists.listing(schema).split("\n")
        names = [line[2:] for line in lines if line.startswith("# ")]
        assert (
            names == [table.name for table in schema.tables] == re.findall("CREATE TABLE ([a-z_0-9]+)", ddl.canonical(schema))
        )
        fields = [column.name for table in schema.tables for column in table.columns if not column.identity]
        assert [line.split(":")[0] for line in lines if not line.startswith("# ")] == fields


def test_the_list_of_a_schema_by_rule_is_the_list_again():
    for schema in plans(80):
        listed = lists.listing(schema)
        again = lists.listing(lists.schema(listed))
        assert listed == again


def test_types_links_and_checks_are_those_of_the_truth():
    for schema in plans(60, seed=6):
        made = lists.schema(lists.listing(schema))
        assert {table.name for table in made.tables} == {table.name for table in schema.tables}
        for table in made.tables:
            truth = schema.table(table.name)
            assert [spelled(column) for column in table.columns] == [spelled(column) for column in truth.columns]
            assert set(table.foreign_keys) == set(truth.foreign_keys)
            assert {check.values for check in table.checks} == {check.values for check in truth.checks}


def test_the_list_of_a_joining_table_says_that_its_two_columns_are_its_key():
    both = (Column("task_id", "bigint", not_null=True), Column("tag_id", "bigint", not_null=True))
    keys = (ForeignKey(("task_id",), "tasks", ("id",)), ForeignKey(("tag_id",), "tags", ("id",)))
    text = lists.listing(Schema((Table("task_tags", both, ("task_id", "tag_id"), keys),)))
    assert text == "# task_tags\ntask_id: link tasks, key, required\ntag_id: link tags, key, required"
    assert lists.schema(text).table("task_tags").primary_key == ("task_id", "tag_id")


def test_the_list_tells_stars_from_a_number_between_two_ends():
    columns = (Column("rating", "integer"), Column("level", "integer"))
    checks = (Check("rating BETWEEN 1 AND 5", ("rating",)), Check("level BETWEEN 0 AND 100", ("level",)))
    assert lists.listing(Schema((Table("t", columns, checks=checks),))) == "# t\nrating: stars\nlevel: from 0 to 100"


def test_a_table_that_is_only_linked_to_has_a_name_and_stands_first():
    sql = ddl.canonical(lists.schema("# orders\ncustomer_id: link customers, required"))
    assert sql.index("CREATE TABLE customers") < sql.index("CREATE TABLE orders")
    assert "name text NOT NULL" in sql and "REFERENCES customers (id)" in sql and "CREATE INDEX ON orders" in sql


def test_of_a_choice_what_the_prompt_shows_is_left_and_of_fewer_than_two_options_no_choice():
    listed = "# visits\nstate: choice open / in_progress / paid, required\nkind: choice new / old\nnote: text"
    seen = lists.seen(listed, "3,1 state in progress\n4,1 open\n5,1 news | older | new")
    assert seen == "# visits\nstate: choice open / in_progress, required\nkind: text\nnote: text"
    assert lists.seen(listed, "open, in progress, paid, new and old") == listed
    assert lists.seen("# a_choices\nchoice: choice x / y", "x or y") == "# a_choices\nchoice: choice x / y"


def test_what_is_no_list_is_no_schema():
    for text in ("", "SELECT 1;", "name: text", "# \nname: text", "#orders", "\x00", "I cannot help."):
        assert lists.schema(text) == Schema()


names = st.sampled_from(["a", "b", "order", "user", "id", "a_b", "x" * 70, "1st", "Größe"])
tails = st.sampled_from(["", ", required", ", key", ", key, required"])
fields = st.builds("{}: {}{}".format, names, st.sampled_from(KINDS), tails)
lines = st.one_of(st.builds("# {}".format, names), fields, fields, fields, st.text(max_size=12))


@settings(max_examples=150, deadline=None)
@given(st.lists(lines, max_size=14))
@example(["# a", "0: key", "2: key", "1: link a"])
def test_whatever_stands_in_a_list_the_server_creates_what_it_is_by_rule(text):
    made = lists.schema("\n".join(text))
    if made.tables:
        verdict = postgres.judge(ddl.canonical(made))
        assert verdict.schema is not None, (text, verdict.problems)
