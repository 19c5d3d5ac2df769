"""The text examples: each can be answered from its own words, and they are the same on every machine."""

import subprocess
import sys

import pytest

from ghostlib import config
from ghostlib.corpus import texts
from ghostlib.corpus.records import read_texts
from ghostlib.errors import DataError
from ghostlib.schemas import postgres


@pytest.fixture(scope="module")
def told():
    return texts.told()


def test_the_same_seed_tells_the_same_texts_and_another_seed_others(told):
    assert told == texts.told() and len(told) == 5 * texts.EACH
    assert [text.output for text in told] != [text.output for text in texts.told(seed=8)]


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


def test_the_module_writes_the_dataset(tmp_path, monkeypatch):
    root = config.root()
    for name in ("configs", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "texts.md").write_text((root / "data" / "texts.md").read_text())
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path))
    done = subprocess.run([sys.executable, "-m", "ghostlib.corpus.texts"], capture_output=True, text=True, cwd=root, timeout=60)
    assert done.returncode == 0 and "80 examples" in done.stdout, done.stderr
    assert read_texts(tmp_path / "data" / "dataset.json") == read_texts(root / "data" / "dataset.json")
