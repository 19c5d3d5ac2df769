"""Text-to-SQL: what is right, what matches, how hard it is; the shipped questions; reports and the command line."""

import json
import random
import sqlite3
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostlib import cli, tasks
from ghostlib import config as configs
from ghostlib.errors import DataError
from ghostlib.tasks import text2sql
from ghostlib.tasks.text2sql import catalog, denotation, grammar, hardness, layouts, report, scoring, setmatch
from ghostlib.tasks.text2sql.execution import Judge
from ghostlib.tasks.text2sql.sandbox import Limits

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data" / "text2sql"
SCHEMA = {"singer": ["id", "name", "age", "country"], "song": ["id", "title", "singer_id", "year"], "fan": ["id", "name"]}
KNOWN = setmatch.meaning(SCHEMA, [f"{t}.{c}" for t, names in SCHEMA.items() for c in names], [(6, 0)])


@pytest.fixture(scope="module")
def shipped():
    return scoring.scorer(str(DATA))


@pytest.fixture(scope="module")
def nano():
    return configs.load("nano", task="text2sql", scale="full", overrides=("data.generated=0",))


@pytest.fixture
def judge(tmp_path):
    """One schema with two databases: in the first, everybody is from France."""
    files = []
    for place, countries in enumerate((["France"] * 4, ["France", "Spain", "Spain", None])):
        files.append(tmp_path / f"music{place}.sqlite")
        link = sqlite3.connect(files[-1])
        link.execute("CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, country TEXT)")
        rows = zip(range(1, 5), ["Ann", "Bo", "Cy", "Di"], [30, 40, 40, 20], countries, strict=True)
        link.executemany("INSERT INTO singer VALUES (?, ?, ?, ?)", rows)
        link.commit()
        link.close()
    return Judge(lambda name: files, limits=Limits(seconds=0.5))


def outcome(judge, gold, predicted):
    return judge.verdict("music", gold, predicted).outcome


# --- what is the same answer ---


def by_definition(gold, made, ordered):
    """Every order of the columns tried, as the definition says it."""
    if len(gold) != len(made):
        return False
    if not gold:
        return True
    if len(gold[0]) != len(made[0]):
        return False
    for order in permutations(range(len(gold[0]))):
        turned = [tuple(row[place] for place in order) for row in made]
        if turned == gold if ordered else Counter(turned) == Counter(gold):
            return True
    return False


ROWS = st.integers(1, 4).flatmap(
    lambda wide: st.lists(st.tuples(*[st.sampled_from([0, 1, 1.0, "1", None, "x"])] * wide), max_size=6)
)


@given(gold=ROWS, made=ROWS, ordered=st.booleans(), seed=st.integers(0, 99))
@settings(max_examples=500, deadline=None)
def test_two_results_are_the_same_exactly_where_the_definition_says_so(gold, made, ordered, seed):
    assert denotation.same(gold, made, ordered=ordered) == by_definition(gold, made, ordered)
    rng = random.Random(seed)
    order = rng.sample(range(len(gold[0])), len(gold[0])) if gold else []
    turned = [tuple(row[place] for place in order) for row in gold]
    assert denotation.same(gold, turned, ordered=True) and denotation.same(gold, turned[::-1], ordered=False)


def test_twelve_equal_columns_are_no_reason_to_try_their_every_order():
    rows = [(n % 2,) * 12 for n in range(40)]
    assert denotation.same(rows, rows[::-1], ordered=False)
    assert not denotation.same(rows, [*rows[:-1], (0,) * 12], ordered=False)
    mixed = [tuple(random.Random(n + 7 * c).randrange(2) for c in range(10)) for n in range(60)]
    turned = [tuple(reversed(row)) for row in mixed]
    assert denotation.same(mixed, random.Random(1).sample(turned, 60), ordered=False)


def test_a_prediction_must_hold_on_every_database_of_the_suite(judge):
    assert outcome(judge, "SELECT count(*) FROM singer WHERE country = 'France'", "SELECT count(*) FROM singer") == "wrong rows"
    assert outcome(judge, "SELECT count(*) FROM singer WHERE age > 0", "SELECT count(*) FROM singer") == "right"


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("SELECT name, age FROM singer", "SELECT age, name FROM singer ORDER BY age", "right"),
        ("SELECT name FROM singer ORDER BY age", "SELECT name FROM singer ORDER BY age DESC", "wrong rows"),
        ("SELECT age FROM singer", "SELECT DISTINCT age FROM singer", "right"),  # DISTINCT does not count, as there
        ("SELECT name FROM singer", "SELECT name FROM singer UNION SELECT name FROM singer", "right"),
        ("SELECT age FROM singer", "SELECT age FROM singer UNION SELECT age FROM singer", "wrong rows"),
        ("SELECT name FROM singer WHERE age > 90", "SELECT id, age FROM singer WHERE age > 80", "right"),  # both are empty
        ("SELECT name FROM singer", "SELECT nme FROM singer", "error"),
        ("SELECT name FROM singer", "", "error"),
        ("SELECT name FROM singer", "SELECT a.id FROM singer a, singer b, singer c, singer d", "wrong rows"),
        ("SELECT 1", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "timeout"),
        ("SELECT name FROM singer", "DROP TABLE singer", "refused"),
        ("SELECT name FROM singer", "SELECT name FROM singer; DROP TABLE singer", "refused"),
        ("SELECT name FROM singer", "SELECT name FROM singer; SELECT 1", "right"),  # the first statement is judged
        ("SELECT nme FROM singer", "SELECT name FROM singer", "gold fails"),
        ("SELECT name FROM singer WHERE age > = 30", "SELECT name FROM singer WHERE age >= 30", "right"),
        ("SELECT name FROM singer WHERE age > 1", "SELECT name FROM singer WHERE age > value", "right"),
        ("SELECT YEAR(CURDATE()) - age FROM singer", "SELECT 2020 - age FROM singer", "right"),
    ],
)
def test_the_outcome_of_a_prediction(judge, gold, predicted, expected):
    assert outcome(judge, gold, predicted) == expected


def test_where_distinct_is_kept_it_counts(judge):
    strict = Judge(judge.files, keep_distinct=True)
    assert outcome(strict, "SELECT age FROM singer", "SELECT DISTINCT age FROM singer") == "wrong rows"
    assert outcome(strict, "SELECT count(DISTINCT age) FROM singer", "SELECT count(age) FROM singer") == "wrong rows"


def test_a_wrong_answer_says_on_which_database_and_why(judge):
    told = judge.verdict("music", "SELECT name FROM singer WHERE country = 'France'", "SELECT name FROM singer").reason
    assert told == "music1.sqlite: more than the 1 rows of the gold"
    assert (
        "2 columns, the gold has 1" in judge.verdict("music", "SELECT name FROM singer", "SELECT name, id FROM singer").reason
    )


# --- exact set match ---


def matches(gold, made):
    one, other = setmatch.parsed(gold, KNOWN), setmatch.parsed(made, KNOWN)
    return one is not None and other is not None and setmatch.match(one, other, KNOWN)


@pytest.mark.parametrize(
    ("gold", "made"),
    [
        ("SELECT name FROM singer WHERE age > 30", "select NAME from singer where age > 99 ;"),
        ("SELECT name , age FROM singer", "SELECT age , name FROM singer"),
        ("SELECT DISTINCT name FROM singer", "SELECT name FROM singer"),
        ("SELECT name FROM singer WHERE age > 1 AND country = 'x'", "SELECT name FROM singer WHERE country = 'y' AND age > 2"),
        (
            "SELECT T1.name FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id GROUP BY T1.id",
            "SELECT T2.name FROM song AS T1 JOIN singer AS T2 ON T2.id = T1.singer_id GROUP BY T1.singer_id",
        ),
        ("SELECT name FROM singer ORDER BY age DESC LIMIT 3", "SELECT name FROM singer ORDER BY age DESC LIMIT 1"),
        (
            "SELECT name FROM singer WHERE id IN (SELECT id FROM fan)",
            "SELECT name FROM singer WHERE id IN (SELECT id FROM fan)",
        ),
    ],
)
def test_queries_with_the_same_parts_match(gold, made):
    assert matches(gold, made) and matches(made, gold)


@pytest.mark.parametrize(
    ("gold", "made"),
    [
        ("SELECT name FROM singer", "SELECT age FROM singer"),
        ("SELECT max(age) FROM singer", "SELECT min(age) FROM singer"),
        ("SELECT name FROM singer", "SELECT name FROM fan"),
        ("SELECT name FROM singer WHERE age > 1", "SELECT name FROM singer WHERE age >= 1"),
        ("SELECT name FROM singer WHERE age > 1 AND id = 2", "SELECT name FROM singer WHERE age > 1 OR id = 2"),
        ("SELECT name FROM singer ORDER BY age", "SELECT name FROM singer ORDER BY age DESC"),
        ("SELECT name FROM singer ORDER BY age LIMIT 1", "SELECT name FROM singer ORDER BY age"),
        ("SELECT name FROM singer UNION SELECT name FROM fan", "SELECT name FROM singer EXCEPT SELECT name FROM fan"),
        (
            "SELECT country FROM singer GROUP BY country HAVING count(*) > 1",
            "SELECT country FROM singer GROUP BY country HAVING count(*) < 1",
        ),
        (
            "SELECT name FROM singer WHERE id IN (SELECT id FROM fan)",
            "SELECT name FROM singer WHERE id NOT IN (SELECT id FROM fan)",
        ),
        ("SELECT name FROM singer", "SELECT name FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id"),
    ],
)
def test_queries_with_other_parts_do_not_match(gold, made):
    assert not matches(gold, made) and not matches(made, gold)
    assert matches(gold, gold) and matches(made, made)


@pytest.mark.parametrize(
    "sql",
    [
        *("SELECT name AS n FROM singer", "SELECT name FROM singer WHERE age IS NULL", "SELECT name FROM singer WHERE age=1"),
        *(
            "SELECT s.name FROM singer s",
            "SELECT name FROM singer , fan",
            "SELECT nobody FROM singer",
            "SELECT name FROM nowhere",
        ),
        *(
            "SELECT name FROM singer WHERE age IN (1 , 2)",
            "SELECT name FROM singer WHERE name = 'O''",
            "SELECT T1.* FROM singer AS T1",
        ),
        *(
            "SELECT name FROM singer LEFT JOIN song ON id = id",
            "SELECT 1",
            "",
            "(" * 500,
            "SELECT " + "(SELECT " * 200,
            "SELECT a FROM",
        ),
    ],
)
def test_what_lies_outside_the_definition_has_no_set_match(sql):
    assert setmatch.parsed(sql, KNOWN) is None
    with pytest.raises(grammar.Unreadable):
        grammar.read(sql, KNOWN.schema)


@given(
    st.lists(
        st.sampled_from(
            "select from where ( ) name singer count * , and or in = 'x' 1 group by order limit union as t1 join on".split()
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_no_order_of_words_breaks_the_reader(words):
    found = setmatch.parsed(" ".join(["select", *words]), KNOWN)
    assert found is None or setmatch.match(found, found, KNOWN)


@pytest.mark.parametrize(
    ("sql", "level", "kind"),
    [
        ("SELECT count(*) FROM singer", "easy", "aggregation"),
        ("SELECT name FROM singer", "easy", "simple"),
        ("SELECT name FROM singer WHERE age > 3", "easy", "filter"),
        ("SELECT name , age FROM singer WHERE age > 3", "medium", "filter"),
        ("SELECT T1.name FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id WHERE T2.year > 1", "medium", "join"),
        ("SELECT name FROM singer WHERE age > (SELECT avg(age) FROM singer)", "hard", "nested"),
        ("SELECT name FROM singer UNION SELECT name FROM fan", "hard", "set"),
        ("SELECT name FROM singer WHERE age > 1 UNION SELECT name , id FROM fan WHERE id > 1 OR id < 0", "hard", "set"),
        (
            "SELECT T1.name , count(*) FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id WHERE T2.year > 1 "
            "GROUP BY T1.id ORDER BY count(*) DESC LIMIT 1",
            "extra",
            "join",
        ),
    ],
)
def test_hardness_and_category_of_a_query(sql, level, kind):
    query = grammar.read(sql, KNOWN.schema)
    assert (hardness.hardness(query), hardness.category(sql, query), hardness.category(sql)) == (level, kind, kind)


# --- the shipped questions ---


def test_the_gold_of_every_shipped_question_is_right_matches_itself_and_has_the_balance_that_is_told(shipped):
    for split, asked in shipped.corpus.questions.items():
        found = [shipped.score(question, question.gold) for question in asked]
        assert all(one.outcome == "right" and one.set_match and one.text_match for one in found), split
    everything = [question for asked in shipped.corpus.questions.values() for question in asked]
    levels = Counter(shipped.groups[question.id]["hardness"] for question in everything)
    assert len(everything) >= 400 and min(levels[level] for level in hardness.LEVELS) >= 100
    assert {shipped.groups[question.id]["category"] for question in everything} == set(hardness.CATEGORIES)
    databases = {split: {question.database for question in asked} for split, asked in shipped.corpus.questions.items()}
    assert len(databases["train"] | databases["validation"]) >= 12 and not databases["train"] & databases["validation"]
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) < 3_000_000
    assert len({question.text for question in everything}) > 0.97 * len(everything)


def test_no_shipped_question_is_answered_by_the_query_of_its_neighbour(shipped):
    asked = shipped.corpus.questions["validation"]
    pairs = [(one, other) for one, other in zip(asked, asked[1:], strict=False) if one.database == other.database]
    right = sum(shipped.score(one, other.gold).outcome == "right" for one, other in pairs)
    assert right <= 0.03 * len(pairs)


def test_tables_json_says_what_the_files_hold(shipped):
    for name in {question.database for question in shipped.corpus.questions["validation"]}:
        told, there = shipped.corpus.database(name), shipped.judge.database(name)
        assert [(t.name, [c.name for c in t.columns], t.primary_key) for t in told.tables] == [
            (t.name, [c.name for c in t.columns], t.primary_key) for t in there.tables
        ]
        assert set(told.keys) == set(there.keys) and told.meaning.alike.keys() == there.meaning.alike.keys()
        assert catalog.of_entry(catalog.entry(told), "") == told


def test_a_question_shows_the_tables_and_never_the_answer(nano, shipped):
    for split in ("train", "validation"):
        for example in text2sql.examples(nano, "text", split):
            assert example.prompt.startswith(text2sql.INSTRUCTION) and example.image is None
            assert "select" not in example.prompt.lower() and example.completion.startswith("select ")
            assert list(example.group) == ["domain", "hardness", "category"] and example.group["domain"].source == str(DATA)


def test_gold_against_gold_is_one_and_nonsense_nought(nano):
    asked = text2sql.examples(nano, "text", "validation")[::9]
    perfect = text2sql.aggregate(text2sql.score([f"```sql\n{one.completion};\n```" for one in asked], asked))
    assert all(value == {"mean": 1.0, "low": 1.0, "high": 1.0} for value in perfect.values())
    nothing = text2sql.aggregate(text2sql.score(["DROP TABLE x", "", "I do not know"] * len(asked), asked * 3)[: len(asked)])
    assert all(value["mean"] == 0 for value in nothing.values())
    assert list(perfect)[0] == "execution_accuracy" == text2sql.TERMS.rank


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t",
        "```sql\nSELECT a\nFROM t;\n```",
        "The query is: SELECT a FROM t; It counts.",
        "Sure!\n```\nSELECT a FROM t\n```\nand\n```\nSELECT b FROM t\n```",
        "  SELECT a FROM t ;  ",
    ],
)
def test_the_query_is_found_however_a_model_wraps_it(text):
    assert text2sql.parse(text) == "SELECT a FROM t"


def test_the_task_offers_what_the_house_calls_and_asks_for_a_database(nano):
    assert tasks.named("text2sql") is text2sql and text2sql.by_rule("SELECT 1") == ""
    with pytest.raises(DataError, match="--database"):
        text2sql.question(nano, "How many?")


def test_a_long_list_of_tables_keeps_those_that_the_question_names(shipped):
    known = shipped.corpus.database("marina" if "marina" in {q.database for q in shipped.corpus.questions["validation"]} else
                                    shipped.corpus.questions["validation"][0].database)  # fmt: skip
    last = known.tables[-1]
    told = catalog.linking(known, f"How many {last.name.replace('_', ' ')} are there?", budget=300)
    assert f"TABLE: {last.name} (" in told and len(told) < 900 and "more tables)" in told
    whole = catalog.linking(known)
    assert all(f"TABLE: {table.name} (" in whole for table in known.tables) and "more tables" not in whole
    assert "(number) PK" in whole and f"KEY: {known.keys[0].table}.{known.keys[0].column} = " in whole


# --- reports and the command line ---


@pytest.fixture
def predicted(shipped, tmp_path):
    """A prediction for each validation question: every third wrong, one hostile, one broken."""
    asked = shipped.corpus.questions["validation"]
    told = [question.gold if place % 3 else "SELECT 'no'" for place, question in enumerate(asked)]
    told[1], told[2] = "DROP TABLE x", "SELEC 1"
    return asked, told, tmp_path


def test_predictions_are_read_in_the_three_forms_that_people_have(predicted):
    asked, told, folder = predicted
    files = {
        "lines.sql": "\n".join(told) + "\n",
        "spider.txt": "\n".join(f"{one}\tdb" for one in told) + "\n\n",
        "list.json": json.dumps(told),
        "bird.json": json.dumps({str(n): f"{one}\t----- bird -----\tdb" for n, one in enumerate(told)}),
        "rows.jsonl": "\n".join(json.dumps({"id": q.id, "prediction": one}) for q, one in zip(asked, told, strict=True)),
        "numbers.jsonl": "\n".join(json.dumps({"id": n, "prediction": one}) for n, one in enumerate(told)),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
        assert report.read(folder / name, asked) == (told, []), name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.sql", None),
        ("few.sql", "SELECT 1\n"),
        ("broken.json", "{"),
        ("number.json", "[1]"),
        ("odd.jsonl", '{"id": "x", "prediction": ""}'),
    ]
    + [("bytes.sql", b"\xff\xfe\x00"), ("twice.jsonl", '{"id": 1, "prediction": ""}\n{"id": 1, "prediction": ""}')],
)
def test_a_predictions_file_that_is_none_is_one_line(predicted, name, content):
    asked, _, folder = predicted
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as told:
        report.read(folder / name, asked)
    assert name in str(told.value) and "\n" not in str(told.value)


def test_the_command_line_reports_a_predictions_file_row_by_row(predicted, capsys, monkeypatch):
    asked, told, folder = predicted
    monkeypatch.setenv("GHOST_ROOT", str(ROOT))
    (folder / "p.sql").write_text("\n".join(told), encoding="utf-8")
    words = [
        "evaluate",
        "--task",
        "text2sql",
        "--profile",
        "nano",
        "--predictions",
        str(folder / "p.sql"),
        "--spider",
        str(DATA),
    ]
    assert cli.main([*words, "--out", str(folder / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    assert (folder / "out" / "figures" / "report.png").stat().st_size > 10_000
    assert found["n"] == len(asked) == len(found["rows"]) and sum(found["outcomes"].values()) == len(asked)
    assert found["outcomes"]["refused"] == 1 and found["outcomes"]["error"] == 1
    mean = found["metrics"]["execution_accuracy"]
    assert mean["low"] < mean["mean"] < mean["high"] and mean["mean"] == found["outcomes"]["right"] / len(asked)
    assert list(found["groups"]["hardness"]) == list(hardness.LEVELS)
    assert found["rows"][1]["outcome"] == "refused" and found["rows"][1]["prediction"] == "DROP TABLE x"
    assert cli.main([*words, "--out", str(folder / "out")]) == 0
    assert "execution_accuracy" in capsys.readouterr().out


def test_a_gold_that_cannot_be_judged_is_named_and_the_answer_is_no(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GHOST_ROOT", str(ROOT))
    name = sorted((DATA / "database").iterdir())[0].name
    (tmp_path / "database").symlink_to(DATA / "database")
    (tmp_path / "tables.json").symlink_to(DATA / "tables.json")
    rows = [
        {"db_id": name, "question": "?", "query": sql} for sql in ("SELECT 1 FROM nowhere", "SELECT NULL IS NULL", "SELECT 2")
    ]
    (tmp_path / "dev.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "p.sql").write_text("SELECT 1\nSELECT 1\nSELECT 2\n", encoding="utf-8")
    words = [
        "evaluate",
        "--task",
        "text2sql",
        "--profile",
        "nano",
        "--predictions",
        str(tmp_path / "p.sql"),
        "--spider",
        str(tmp_path),
    ]
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().out
    assert "the gold of validation-0: " in told and "no such table: nowhere" in told
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert found["metrics"]["execution_accuracy"]["mean"] == 1.0 and found["outcomes"]["gold fails"] == 1


def test_a_folder_of_no_known_layout_says_what_the_layouts_are(tmp_path):
    with pytest.raises(DataError, match="Spider has tables.json"):
        layouts.load(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        layouts.load(tmp_path / "nowhere")
