"""The grammar and the target language are one: what `ddl.canonical` writes is a sentence, and every sentence parses."""

import json
import random
from pathlib import Path

import pglast
import pytest
from exporting import exported, questions, seeing
from hypothesis import given, settings
from hypothesis import strategies as st
from pglast import keywords
from sentences import Sentences

from ghostlib import config
from ghostlib.inference import grammar, llama
from ghostlib.models import generate, load
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

ROOT = Path(__file__).resolve().parents[1]
GOOD = 'CREATE TABLE a (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    "group" text NOT NULL UNIQUE\n);'
EXPRESSIONS = [
    "status IN ('active', 'it''s')", "rating BETWEEN 1 AND 5", "end_date >= start_date", "name NOT LIKE 'x%'",
    "price > 0.5 AND price < -1 OR total <> 0", "(length(code) = 3)", "a IS NOT NULL OR b IS NULL", "\"group\" <> ''::text",
    "lower(email) ~ '^[a-z]+$'", "NOT is_open", "tags <@ ARRAY['a', 'b']::text[]", "(price * quantity) <= 100",
    "kind = ANY (ARRAY['x', 'y'])",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def compiled():
    assert grammar.accepts(GOOD)


def test_every_answer_that_is_shipped_is_a_sentence_of_the_grammar():
    shipped = set()
    for file in ("dataset_vision.json", "validation_set/dataset.json", "dataset.json"):
        shipped |= {row["output"] for row in json.loads((ROOT / "data" / file).read_text())}
    told = [sql for sql in shipped if not sql.startswith("--")]  # phase 1 explains some repairs in a comment
    assert len(told) > 500
    assert [sql for sql in told if not grammar.accepts(sql)] == []


words = st.one_of(st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True), st.sampled_from(sorted(keywords.RESERVED_KEYWORDS)))
odd = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)
kinds = st.sampled_from([*grammar.TYPES, "numeric(10,2)", "text[]", "numeric(4,1)[]"])


@st.composite
def schemas(draw):
    tables = []
    for name in draw(st.lists(st.one_of(words, odd), min_size=1, max_size=3, unique=True)):
        columns = draw(st.lists(st.one_of(words, odd), min_size=2, max_size=5, unique=True))
        made = [Column("id", "bigint", True, identity=True)]
        made += [Column(one, draw(kinds), draw(st.booleans()), draw(st.sampled_from((None, "0", "now()")))) for one in columns]
        checks = (Check(draw(st.sampled_from(EXPRESSIONS)), draw(st.sampled_from(((columns[0],), tuple(columns[:2]))))),)
        keys = (ForeignKey((columns[1],), tables[-1].name, ("id",)),) if tables else ()
        unique = ((columns[0],), tuple(columns[:2]))
        indexes = (Index((columns[0],)), Index(("lower(x)",), True), Index((columns[1],), False, "gin"))
        tables.append(
            Table(name, tuple(made), draw(st.sampled_from((("id",), tuple(columns[:2])))), keys, unique, checks, indexes)
        )
    return Schema(tuple(tables))


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_whatever_the_target_language_writes_is_a_sentence(schema):
    sql = ddl.canonical(schema)
    assert grammar.accepts(sql), sql


def test_tables_that_point_at_each_other_are_a_sentence_too():
    def table(name, other):
        columns = (Column("id", "bigint", True, identity=True), Column("other_id", "bigint"))
        return Table(name, columns, ("id",), (ForeignKey(("other_id",), other, ("id",)),))

    sql = ddl.canonical(Schema((table("a", "b"), table("b", "a"))))
    assert "ALTER TABLE" in sql and grammar.accepts(sql)


def test_a_reserved_word_is_a_name_in_quotes_alone_and_its_neighbours_are_free():
    for word in keywords.RESERVED_KEYWORDS | keywords.TYPE_FUNC_NAME_KEYWORDS:
        bare, quoted = GOOD.replace('"group"', word), GOOD.replace("group", word)
        assert not grammar.accepts(bare) and grammar.accepts(quoted), word
        for near in (word + "_", word + "s", word[:-1] + "q", "x" + word):
            assert grammar.accepts(GOOD.replace('"group"', near)) == (near not in keywords.RESERVED_KEYWORDS), near


@pytest.mark.parametrize(
    "broken",
    [
        "", "CREATE TABLE a ();", GOOD + "\n", GOOD[:-1], GOOD.replace(",\n", "\n"), GOOD.replace("\n)", ",\n)"),
        GOOD.replace("bigint", "text", 1), GOOD.replace("text", "varchar(255)"), GOOD.replace('"group"', "Group"),
        GOOD.replace("text", "numeric(0,1)"), "DROP TABLE a;", GOOD + "\n\nDROP TABLE a;", GOOD + "; SELECT 1;",
        "```sql\n" + GOOD, GOOD.replace("UNIQUE", "CHECK (a IN ('x)"), GOOD.replace("UNIQUE", "AUTO_INCREMENT"),
        GOOD + "\n\nCREATE INDEX ON a (id);\n\n" + GOOD, GOOD.replace("text", "text DEFAULT (SELECT 1)"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_language_is_no_sentence(broken):
    assert not grammar.accepts(broken)


@pytest.mark.parametrize("count", [400, pytest.param(20_000, marks=pytest.mark.soak)])
def test_every_sentence_is_parsed_by_postgresqls_own_parser_and_is_a_sentence_to_xgrammar(count):
    drawn, rng = Sentences(grammar.gbnf()), random.Random(count)
    for number in range(count):
        sql = drawn.draw(rng)
        assert pglast.parse_sql(sql), sql
        assert number % 20 or grammar.accepts(sql), sql


def test_a_model_of_random_weights_writes_nothing_but_the_language_through_both_backends(tiny_nano, tmp_path):
    asked = questions(tmp_path, 2)
    settings_ = config.load("nano")
    base = load.merged(seeing(tiny_nano), settings_)
    free = generate.answers(base, asked, max_new_tokens=16, batch_size=2, side=256)
    held = generate.answers(base, asked, max_new_tokens=16, batch_size=2, side=256, constrain=grammar.constraint)
    made = exported(tiny_nano)
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512)
    theirs = [llama.ask(running, one, max_new_tokens=16, side=256, grammar=grammar.gbnf()) for one in asked]
    for one, other, loose in zip(held, theirs, free, strict=True):
        assert one.text.startswith("CREATE TABLE ") and not loose.text.startswith("CREATE TABLE ")
        assert other.text == one.text
        assert other.confidence == pytest.approx(one.confidence, rel=1e-2)
        assert one.confidence < 0.5  # the model's own, not that among the few tokens that were left


def test_an_answer_that_ends_early_in_a_batch_does_not_disturb_the_other(tiny_nano, tmp_path):
    asked = questions(tmp_path, 3)
    base = load.merged(seeing(tiny_nano), config.load("nano"))
    options = {"max_new_tokens": 12, "side": 256, "constrain": grammar.constraint}
    together = generate.answers(base, asked, batch_size=3, **options)
    alone = generate.answers(base, asked, batch_size=1, **options)
    assert [answer.text for answer in together] == [answer.text for answer in alone]


def test_the_grammar_keeps_names_as_they_are_and_postgresql_still_judges_them():
    ghost = "CREATE TABLE a (\n    b_id bigint REFERENCES nowhere (id),\n    b_id text\n);"
    assert grammar.accepts(ghost)
    assert not postgres.judge(ghost).valid
