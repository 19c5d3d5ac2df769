"""The text examples: each can be answered from its own words, and they are the same on every machine."""

import pytest

from ghostlib import config
from ghostlib.corpus import texts
from ghostlib.corpus.records import read_texts
from ghostlib.errors import DataError
from ghostlib.schemas import postgres


@pytest.fixture(scope="module")
def told():
    return texts.told()


def test_the_shipped_texts_are_exactly_what_is_written_and_told_here(told):
    data = config.root() / "data"
    assert len(told) == 5 * texts.EACH and read_texts(data / "dataset.json") == [*texts.written(data / "texts.md"), *told]


def test_every_column_of_an_answer_is_named_in_its_question(told):
    for text, verdict in zip(told, postgres.check_many([text.output for text in told]), strict=True):
        words = text.input.lower().replace("_", " ")
        for table in verdict.schema.tables:
            keys = {name: key.table for key in table.foreign_keys for name in key.columns}
            for column in table.columns:
                spoken = {column.name.removesuffix("_id").replace("_", " "), keys.get(column.name, "-").replace("_", " ")}
                assert column.identity or any(word in words for word in spoken), (text.input, column.name)


def test_every_foreign_key_has_its_index_and_no_answer_is_its_question(told):
    for text, verdict in zip(told, postgres.check_many([text.output for text in told]), strict=True):
        assert text.output not in text.input
        for table in verdict.schema.tables:
            indexed = {index.columns for index in table.indexes}
            assert {key.columns for key in table.foreign_keys} <= indexed


def test_a_handwritten_example_without_answer_is_one_clear_error(tmp_path):
    path = tmp_path / "texts.md"
    path.write_text("# Title\n\n## shop | Write it.\nA shop.\n")
    with pytest.raises(DataError, match=r"shop \| Write it"):
        texts.written(path)


def test_prose_is_unwrapped_and_lists_and_sql_keep_their_lines(tmp_path):
    path = tmp_path / "texts.md"
    path.write_text(
        "# T\n\n## shop | Write it.\nA long\nsentence.\n- one\n- two\n\n```sql\nCREATE TABLE a (\n    b text\n);\n```\n\n"
        "Answer:\n```sql\nCREATE TABLE c (d text);\n```\n"
    )
    [text] = texts.written(path)
    assert text.input == "A long sentence.\n- one\n- two\n\nCREATE TABLE a (\n    b text\n);"
    assert (text.output, text.domain, text.instruction) == ("CREATE TABLE c (d text);", "shop", "Write it.")


def test_the_module_writes_the_dataset(tmp_path, monkeypatch, told):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "texts.md").write_text((config.root() / "data" / "texts.md").read_text())
    monkeypatch.setattr(texts.config, "root", lambda: tmp_path)
    monkeypatch.setattr(texts, "told", lambda: told)
    texts.main()
    assert len(read_texts(tmp_path / "data" / "dataset.json")) == 30 + len(told)
