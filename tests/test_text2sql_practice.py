"""The questions that text-to-SQL makes itself, and the one spelling in which queries are taught."""

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostlib import config as configs
from ghostlib.corpus import invented
from ghostlib.corpus.screens import notation
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.errors import ConfigError, DataError
from ghostlib.tasks import text2sql
from ghostlib.tasks.text2sql import catalog, hardness, practice, scoring, setmatch, statements
from ghostlib.training import scoring as held

COUNT = 400
WORDS = set(
    "select distinct from join on as where and or not in like between group order by having asc desc limit union intersect "
    "except count sum avg min max t1 t2".split()
)


@pytest.fixture(scope="module")
def made():
    return practice.corpus(practice.address(COUNT, 7))


@pytest.fixture
def nano(tmp_path, monkeypatch):
    monkeypatch.setenv("GHOST_CACHE", str(tmp_path))
    return configs.load("nano", task="text2sql", scale="full", overrides=(f"data.generated={COUNT}",))


def names(query):
    """The names in a query as it is taught: what is neither a word of SQL nor a value."""
    bare = re.sub(r"'[^']*'", "", query)
    return {word for word in re.findall(r"[A-Za-z_]\w*", bare) if word not in WORDS}


def empty(database):
    """The database as a prompt tells it, without a row."""
    link = sqlite3.connect(":memory:")
    for table in database.tables:
        link.execute(f"CREATE TABLE {table.name} ({', '.join(column.name for column in table.columns)})")
    return link


def test_an_address_is_the_same_questions_always_and_another_seed_other_ones(made):
    again, other = (practice.corpus(practice.address(80, seed)).questions["train"] for seed in (7, 8))
    assert again == made.questions["train"][:80] and len(made.questions["train"]) == COUNT
    assert not {one.gold for one in again} & {one.gold for one in other if "invented" in one.database}
    assert len({one.id for one in made.questions["train"]}) == COUNT


def test_sqlite_takes_every_query_on_the_tables_that_its_prompt_tells(made):
    for question in made.questions["train"]:
        with closing(empty(made.database(question.database))) as link:
            link.execute(f"EXPLAIN {question.gold}")
            link.execute(f"EXPLAIN {statements.spelled(question.gold)}")


def test_a_query_has_the_hardness_that_it_is_drawn_for_and_every_hardness_comes(made):
    found = {}
    for question in made.questions["train"]:
        known = made.database(question.database).meaning
        for text in (question.gold, statements.spelled(question.gold)):
            assert hardness.hardness(setmatch.parsed(text, known)) == question.level, text
        found[question.level] = found.get(question.level, 0) + 1
    assert set(found) == set(hardness.LEVELS) and min(found.values()) > COUNT / 25


def test_most_databases_do_not_exist_and_none_is_one_that_validation_asks_about(made):
    drawn = [name for name in made.databases if name.startswith("invented-")]
    assert len(drawn) > 0.7 * len(made.databases)
    assert set(made.databases) - set(drawn) and set(made.databases) - set(drawn) <= set(TRAINING)


def test_a_database_that_is_held_back_is_held_back_with_what_is_made_of_it(nano):
    rest, asked = held.held_back(text2sql.examples(nano, "text", "train"), 300, seed=7)
    places = {str(one.group["domain"]) for one in asked}
    assert {one.group["domain"].source for one in asked if one.group["domain"] in TRAINING} == {
        text2sql.source(nano),
        practice.address(COUNT, nano.seed),
    }
    assert not places & {str(one.group["domain"]) for one in rest}


def test_every_name_of_an_answer_stands_in_its_question(nano):
    trained = text2sql.examples(nano, "text", "train")
    assert len(trained) > 448 + 0.8 * COUNT
    for example in trained[448:]:
        assert names(example.completion) <= set(re.findall(r"\w+", example.prompt)), example.completion


def test_a_question_whose_tables_the_prompt_leaves_out_is_not_trained_on(nano):
    roomy, tight = (
        text2sql.examples(
            configs.load(
                "nano", task="text2sql", scale="full", overrides=(f"data.generated={COUNT}", f"data.background={room}")
            ),
            "text",
            "train",
        )
        for room in (6_000, 150)
    )
    assert len(tight) < len(roomy) == 448 + COUNT
    joined = [one for one in tight[448:] if " join " in one.completion]
    assert all(len(re.findall(r"^TABLE: ", one.prompt, re.MULTILINE)) > 1 for one in joined)
    assert max(len(one.prompt) for one in tight) < max(len(one.prompt) for one in roomy)


def test_a_made_question_is_judged_as_any_other(nano):
    asked = text2sql.examples(nano, "text", "train")[448::40]
    assert {one.group["domain"].source for one in asked} == {practice.address(COUNT, nano.seed)}
    assert all(one.outcome == "right" for one in text2sql.score([one.completion for one in asked], asked))
    assert {one.outcome for one in text2sql.score(["select nothing from nowhere"] * len(asked), asked)} == {"error"}


def test_what_is_told_of_the_tables_keeps_to_its_room_wherever_a_question_comes_from(nano):
    longest = max(text2sql.examples(nano, "text", "validation"), key=lambda one: len(one.prompt))
    known = scoring.scorer(text2sql.source(nano)).corpus.database(longest.group["domain"])
    words = longest.prompt.rpartition("Question: ")[2]
    assert text2sql.question(nano, words, known).prompt == longest.prompt and "more tables)" in longest.prompt
    real = configs.load("text2sql", scale="full")
    assert "more tables)" not in text2sql.question(real, words, known).prompt
    assert len(text2sql.question(real, words, known).prompt) > len(longest.prompt) + 400


def test_a_database_with_a_name_that_is_a_word_of_sql_is_drawn_again(monkeypatch):
    told = "\n= x | X | X\n+ boxes Box box\n*name! person:\n{} int:1-9\n"
    bad, good = (notation.parse(told.format(name))["x"] for name in ("order", "weight"))
    drawn = iter((bad, bad, good))
    monkeypatch.setattr(invented, "domain", lambda rng: next(drawn))
    monkeypatch.setattr(practice, "INVENTED", 1.0)
    found = practice.corpus(practice.address(3, 1))
    assert [column.name for column in found.database("invented-0").tables[0].columns] == ["id", "name", "weight"]


@pytest.mark.parametrize("address", ["made://", "made://7", "made://x/7", "made://7/7/7", "made://-7/7"])
def test_an_address_that_is_none_is_one_line(address):
    with pytest.raises(DataError, match="COUNT/SEED") as told:
        scoring.scorer(address)
    assert "\n" not in str(told.value)


def test_nano_has_its_thousands_and_the_profile_for_a_gpu_only_the_data_set_with_all_tables():
    real, small = (configs.load(name, task="text2sql", scale="full") for name in ("text2sql", "nano"))
    assert (real.data.generated, real.data.background) == (0, configs.Data().background)
    assert (real.lora.rank, real.lora.modules, real.train.epochs) == (8, ("q", "v"), 3)
    assert small.data.generated >= 5_000 and small.data.background < 1_000
    with pytest.raises(ConfigError, match="data.background=0: must be above 0"):
        configs.load("nano", task="text2sql", overrides=("data.background=0",))


# --- one spelling ---


def test_the_queries_that_ship_are_taught_as_the_same_queries(nano):
    known = scoring.scorer(text2sql.source(nano)).corpus.questions
    for split in ("train", "validation"):
        for example, question in zip(text2sql.examples(nano, "text", split), known[split], strict=False):
            assert example.id == question.id and statements.plain(example.completion) == statements.plain(question.gold)
            assert example.completion.startswith("select ") and " ," not in re.sub("'[^']*'", "", example.completion)


@pytest.mark.parametrize(
    ("told", "taught"),
    [
        ("SELECT T1.Name , count(*) FROM Boats AS T1", "select t1.Name, count(*) from Boats as t1"),
        ("SELECT a FROM t WHERE b = 'AND , OR'", "select a from t where b = 'AND , OR'"),
        ('SELECT "Order , By" FROM "Select"', 'select "Order , By" from "Select"'),
        ("SELECT Selected, T1x FROM Orders", "select Selected, T1x from Orders"),
        ("", ""),
        ("SELECT 'it''s'  , \n 2", "select 'it''s', \n 2"),
        ("SELECT a -- b\n , c", "select a -- b\n, c"),
    ],
)
def test_words_of_sql_are_taught_in_small_letters_and_names_and_values_as_they_are(told, taught):
    assert statements.spelled(told) == taught


@given(st.text(alphabet="SELECTfrom T12,,  '\"`[]-*/ \n;", max_size=40))
def test_a_spelling_changes_nothing_that_counts_and_is_its_own(text):
    once = statements.spelled(text)
    assert statements.spelled(once) == once
    assert [piece for kind, piece in statements.pieces(once) if kind == "quoted"] == [
        piece for kind, piece in statements.pieces(text) if kind == "quoted"
    ]
    assert statements.plain(once) == statements.plain(text)


def test_the_reader_of_a_prompt_finds_the_tables_of_a_query_by_whole_names():
    database = catalog.Database("x", (catalog.Table("order_items", (catalog.Column("id"),)),))
    prompt = text2sql.prompt(database, "How many?")
    assert practice.told("SELECT count(*) FROM order_items", prompt)
    assert not practice.told("SELECT count(*) FROM order", prompt) and not practice.told("select a from items", prompt)
