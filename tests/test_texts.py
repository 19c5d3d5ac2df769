"""The text examples: each can be answered from its own words, and they are the same on every machine."""

import json
import re
from collections import Counter
from random import Random

import pytest

from ghostlib import config
from ghostlib.corpus import texts
from ghostlib.corpus.quality import check
from ghostlib.corpus.records import read_texts
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.corpus.texts import repairs
from ghostlib.errors import DataError
from ghostlib.schemas import ddl, postgres

DATA = config.root() / "data"
LABELS = {}
for _domain in DOMAINS.values():
    for _entity in _domain.entities:
        for _a in _entity.attributes:
            LABELS.setdefault(_a.name, set()).update(label.lower().rstrip(".") for label in _a.labels)


@pytest.fixture(scope="module")
def told():
    return texts.told()


@pytest.fixture(scope="module")
def schemas(told):
    return [verdict.schema for verdict in postgres.check_many([text.output for text in told])]


def of(told, kind):
    begin = 0
    for name, (_, count) in texts.KINDS.items():
        if name == kind:
            return told[begin : begin + count]
        begin += count
    raise KeyError(kind)


def test_the_shipped_texts_are_exactly_what_is_written_and_told_here(told):
    shipped = read_texts(DATA / "dataset.json")
    assert len(shipped) >= 300 and len(told) == sum(count for _, count in texts.KINDS.values())
    assert shipped == [*texts.written(DATA / "texts.md"), *told]


def test_another_seed_tells_other_examples_and_the_same_seed_the_same(told, monkeypatch):
    monkeypatch.setattr(texts, "KINDS", {"list": (texts.KINDS["list"][0], 4), "repair": (texts.KINDS["repair"][0], 3)})
    assert texts.told(3) == texts.told(3) != texts.told(4)


def test_the_texts_pass_every_gate_and_no_two_have_one_answer(told):
    examples = [*texts.written(DATA / "texts.md"), *told]
    assert check(examples).passed, str(check(examples))
    assert len({texts.statements(example.output) for example in examples}) == len(examples)


def test_every_training_domain_is_told_of_about_as_often_and_no_validation_domain_ever(told):
    domains = Counter(text.domain for text in told)
    assert set(domains) == set(TRAINING) and not set(domains) & set(VALIDATION)
    assert max(domains.values()) <= 2 * min(domains.values())
    assert not {text.domain for text in texts.written(DATA / "texts.md")} & set(VALIDATION)


def test_every_column_of_an_answer_is_named_in_its_question(told, schemas):
    for text, schema in zip(told, schemas, strict=True):
        words = text.input.lower().replace("_", " ")
        words += "\n" + words.replace(" in ", " ")  # "odometer in km" is odometer_km
        for table in schema.tables:
            keys = {name: key.table for key in table.foreign_keys for name in key.columns}
            for column in table.columns:
                spoken = {column.name.removesuffix("_id").replace("_", " "), keys.get(column.name, "-").replace("_", " ")}
                spoken |= LABELS.get(column.name, set())
                assert column.identity or any(word in words for word in spoken), (text.input, column.name)


def test_every_enumeration_and_every_range_of_an_answer_is_said_in_its_question(told, schemas):
    for text, schema in zip(told, schemas, strict=True):
        words = text.input.lower().replace("_", " ")
        for table in schema.tables:
            for rule in table.checks:
                assert all(value.replace("_", " ") in words for value in rule.values), (text.input, rule)
                assert rule.values or re.search(r"star|★|between|to \d+|never (before|below)|>=|\d to", words), (
                    text.input,
                    rule,
                )


def test_every_foreign_key_has_its_index_and_no_answer_is_its_question(told, schemas):
    for text, schema in zip(told, schemas, strict=True):
        assert texts.statements(text.output) not in text.input
        for table in schema.tables:
            leading = {index.columns[:1] for index in table.indexes} | {table.primary_key[:1]}
            assert {key.columns for key in table.foreign_keys} <= leading, text.output


def test_people_write_in_many_ways(told):
    assert len({text.instruction for text in told}) >= 25
    openings = Counter(text.input.split("\n")[0][:18] for text in of(told, "description"))
    assert len(openings) >= 25 and openings.most_common(1)[0][1] <= 8
    assert sum("{" in text.input for text in of(told, "form")) >= 4  # some give the elements as JSON


def test_what_postgresql_says_in_a_repair_is_what_the_server_says_about_that_sql(told):
    examples = [*of(told, "repair"), *(text for text in texts.written(DATA / "texts.md") if "ERROR:" in text.input)]
    codes = set()
    for text in examples:
        broken = "\n\n".join(part for part in text.input.split("\n\n") if part.startswith("CREATE"))
        verdict = postgres.judge(broken)
        assert not verdict.valid, text.input
        said = text.input.replace('\\"', '"')
        assert verdict.problems[0].message in said, (text.input, verdict.problems[0])
        codes.add(verdict.problems[0].sqlstate)
    assert len(codes) >= 7, codes


def test_every_fault_is_refused_by_the_server_where_it_can_be_made():
    whole = (
        "CREATE TABLE clients (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL\n);\n\n"
        "CREATE TABLE bills (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    bill_number text NOT NULL UNIQUE,\n"
        "    client_id bigint NOT NULL REFERENCES clients (id),\n    kind text NOT NULL CHECK (kind IN ('a', 'b')),\n"
        "    total numeric(10,2) NOT NULL,\n    due_date date,\n    paid_at timestamptz,\n    pages integer,\n"
        "    is_paid boolean NOT NULL\n);\n\nCREATE INDEX ON bills (client_id);"
    )
    assert postgres.judge(whole).valid
    for fault in repairs.FAULTS:
        for seed in range(6):
            broken, reason = fault(whole, Random(seed))
            verdict = postgres.judge(broken)
            assert not verdict.valid and verdict.problems, (fault.__name__, broken)
            assert len(reason) <= 128 and reason.endswith("."), reason


def test_an_explained_repair_is_one_comment_above_the_target_language(told):
    explained = [text for text in of(told, "repair") if text.output.startswith("--")]
    assert 0.3 < len(explained) / len(of(told, "repair")) < 0.7
    for text in explained:
        assert text.output.count("--") == 1 and text.instruction in repairs.EXPLAIN
        assert ddl.canonical(postgres.judge(text.output).schema).strip() == texts.statements(text.output)


def test_no_example_is_longer_than_a_small_models_context(told):
    assert max(len(text.output) for text in told) <= texts.LONGEST + 130  # the comment above it
    assert max(len(text.input) + len(text.output) for text in told) <= texts.WIDEST + 130


def test_a_handwritten_example_without_answer_is_one_clear_error(tmp_path):
    path = tmp_path / "texts.md"
    path.write_text("# Title\n\n## shop | Write it.\nA shop.\n")
    with pytest.raises(DataError, match=r"shop \| Write it"):
        texts.written(path)


def test_prose_is_unwrapped_and_lists_and_fences_keep_their_lines(tmp_path):
    path = tmp_path / "texts.md"
    path.write_text(
        "# T\n\n## shop | Write it.\nA long\nsentence.\n- one\n- two\n\n```sql\nCREATE TABLE a (\n    b text\n);\n```\n\n"
        "```text\nx;y\n1;2\n```\n\nAnswer:\n```sql\nCREATE TABLE c (d text);\n```\n"
    )
    [text] = texts.written(path)
    assert text.input == "A long sentence.\n- one\n- two\n\nCREATE TABLE a (\n    b text\n);\n\nx;y\n1;2"
    assert (text.output, text.domain, text.instruction) == ("CREATE TABLE c (d text);", "shop", "Write it.")


def test_the_handwritten_ones_are_many_and_each_is_written_in_its_own_words():
    written = texts.written(DATA / "texts.md")
    assert len(written) >= 40
    assert len({text.domain for text in written}) == len(written) == len({text.input for text in written})


def test_the_module_writes_the_dataset(tmp_path, monkeypatch, told):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "texts.md").write_text((DATA / "texts.md").read_text())
    monkeypatch.setattr(texts.config, "root", lambda: tmp_path)
    monkeypatch.setattr(texts, "told", lambda: told)
    texts.main()
    saved = tmp_path / "data" / "dataset.json"
    assert len(read_texts(saved)) == len(texts.written(DATA / "texts.md")) + len(told)
    assert all(set(row) <= {"instruction", "input", "output", "domain", "split"} for row in json.loads(saved.read_text()))
