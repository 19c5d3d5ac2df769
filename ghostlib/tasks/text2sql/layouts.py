"""Text-to-SQL data sets as they lie on disk: Spider's, BIRD's and WikiSQL's files, in a folder or from the Hub."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib.corpus import jsonfiles
from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import catalog, hub
from ghostlib.tasks.text2sql.catalog import Database
from ghostlib.tasks.text2sql.sandbox import Sandbox

SPLITS = ("train", "validation")
SPIDER = {
    "train": ("train_spider.json", "train_others.json", "train.json"),
    "validation": ("dev.json",),
    "test": ("test.json",),
}
BIRD_DEV = ("dev.json", "mini_dev_sqlite.json")
AGGREGATES = ("", "MAX", "MIN", "COUNT", "SUM", "AVG")  # WikiSQL's own order
OPERATORS = ("=", ">", "<")


@dataclass(frozen=True)
class Question:
    """One question about one database, and its gold query where that is known."""

    id: str  # split and place: "validation-17"
    database: str
    text: str
    gold: str = ""
    hint: str = ""  # BIRD's `evidence`
    level: str = ""  # the data set's own difficulty, where it has one


@dataclass
class Corpus:
    """A data set: its questions by split, its databases, and where their files are."""

    folder: Path
    kind: str  # "spider", "bird" or "wikisql"
    questions: dict[str, list[Question]]
    databases: dict[str, Database] = field(default_factory=dict)
    places: Callable[[str], list[Path]] = lambda name: []

    def files(self, name: str) -> list[Path]:
        """The database's files, its own first, then the rest of its suite; empty where there are none."""
        return self.places(name)

    def database(self, name: str) -> Database:
        """The Database as tables.json has it, else as its file has it. Raises DataError where neither knows it."""
        if name not in self.databases:
            files = self.files(name)
            if not files:
                raise DataError(f"{self.folder}: no database {name}. Put {name}.sqlite beside the others of the data set.")
            sandbox = Sandbox(files[0])
            self.databases[name] = catalog.of_file(sandbox, name)
            sandbox.close()
        return self.databases[name]


def load(source: str | Path) -> Corpus:
    """The data set in a folder, or `hf://owner/name` from the Hub. Raises DataError for a folder of no known layout."""
    folder = hub.fetched(str(source)) if str(source).startswith(hub.SCHEME) else Path(source)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder. Name one with Spider's, BIRD's or WikiSQL's files, or {hub.SCHEME}owner/name."
        )
    for place in (folder, *sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))):
        for reader in (_wikisql, _bird, _spider):
            found = reader(place)
            if found:
                return found
    raise DataError(
        f"{folder}: holds no data set. Spider has tables.json and dev.json, BIRD dev_tables.json and dev.json, "
        "WikiSQL dev.jsonl and dev.tables.jsonl"
    )


def _spider(folder: Path) -> Corpus | None:
    tables = [folder / name for name in ("tables.json", "test_tables.json") if (folder / name).is_file()]
    if not tables:
        return None
    questions = {
        split: _asked(split, [folder / name for name in names if (folder / name).is_file()], "query")
        for split, names in SPIDER.items()
    }
    return Corpus(folder, "spider", questions, _databases(tables), _suites([folder / "database", folder / "test_database"]))


def _bird(folder: Path) -> Corpus | None:
    """`dev/` and `train/` may lie beside each other under the folder, or one of them be the folder."""
    tables, questions, places = [], {split: [] for split in SPLITS}, []
    for place in (folder, *sorted(one for one in folder.iterdir() if one.is_dir())):
        if dev := _there(place, "dev_tables.json"):
            tables.append(dev)
            files = [place / name for name in BIRD_DEV if (place / name).is_file()][:1]
            questions["validation"] = _asked("validation", files, "SQL")
            places.append(place / "dev_databases")
        if train := _there(place, "train_tables.json"):
            tables.append(train)
            questions["train"] = _asked("train", [place / "train.json"], "SQL")
            places.append(place / "train_databases")
    return Corpus(folder, "bird", questions, _databases(tables), _suites(places)) if tables else None


def _wikisql(folder: Path) -> Corpus | None:
    folder = folder / "data" if (folder / "data" / "dev.tables.jsonl").is_file() else folder
    names = {"train": "train", "validation": "dev"}
    if not any((folder / f"{name}.tables.jsonl").is_file() for name in names.values()):
        return None
    tables: dict[str, dict[str, Any]] = {}
    questions: dict[str, list[Question]] = {}
    for split, name in names.items():
        file = folder / f"{name}.tables.jsonl"
        if file.is_file():
            tables |= {str(row["id"]): row for row in _rows(file) if "id" in row}
        asked = folder / f"{name}.jsonl"
        questions[split] = list(_translated(asked, split, tables)) if asked.is_file() else []

    def place(name: str) -> list[Path]:
        return [_table_file(tables[name], folder)] if name in tables else []

    return Corpus(folder, "wikisql", questions, places=place)


def _translated(file: Path, split: str, tables: Mapping[str, dict[str, Any]]) -> Iterator[Question]:
    """WikiSQL's questions; a query is stored as numbers of columns, aggregates and operators, and becomes SQL here."""
    for number, row in enumerate(_rows(file)):
        try:
            table, told = tables[str(row["table_id"])], row["sql"]
            heads = _heads(table)
            column = catalog.quoted(heads[told["sel"]])
            aggregate = AGGREGATES[told["agg"]]
            wanted = f"{aggregate}({column})" if aggregate else column
            conditions = [f"{catalog.quoted(heads[c])} {OPERATORS[o]} {_literal(v)}" for c, o, v in told["conds"]]
            gold = f"SELECT {wanted} FROM data" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
            yield Question(f"{split}-{number}", str(row["table_id"]), str(row["question"]), gold)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DataError(f"{file}: line {number + 1} is no question of WikiSQL ({error!r}).") from error


def _table_file(table: dict[str, Any], folder: Path) -> Path:
    """WikiSQL's table as a SQLite file in the cache, made where it is not there yet; texts compare without letter case."""
    file = configs.cache() / "text2sql" / f"wikisql-{folder.resolve().name}" / f"{table['id']}.sqlite"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".partial")
        aside.unlink(missing_ok=True)
        kinds = ("REAL" if kind == "real" else "TEXT COLLATE NOCASE" for kind in table["types"])
        columns = ", ".join(f"{catalog.quoted(head)} {kind}" for head, kind in zip(_heads(table), kinds, strict=True))
        link = sqlite3.connect(aside)
        link.execute(f"CREATE TABLE data ({columns})")
        link.executemany(f"INSERT INTO data VALUES ({', '.join('?' * len(table['types']))})", table["rows"])
        link.commit()
        link.close()
        aside.replace(file)
    return file


def _heads(table: Mapping[str, Any]) -> list[str]:
    """A table's headings, each once: a second `Year` is `Year 2`, one without a name is `column 3`."""
    heads: list[str] = []
    seen: set[str] = set()
    for number, head in enumerate(table["header"], 1):
        plain = " ".join(str(head).split()) or f"column {number}"
        name = plain if plain.lower() not in seen else f"{plain} {number}"
        seen.add(name.lower())
        heads.append(name)
    return heads


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def _asked(split: str, files: list[Path], gold: str) -> list[Question]:
    found: list[Question] = []
    for file in files:
        for number, row in enumerate(jsonfiles.rows(file)):
            where = f"{file}: question {number + 1}"
            row = jsonfiles.as_object(row, where)
            found.append(
                Question(
                    id=f"{split}-{len(found)}",
                    database=jsonfiles.as_string(row, "db_id", where),
                    text=jsonfiles.as_string(row, "question", where),
                    gold=jsonfiles.as_string(row, gold, where, default=""),
                    hint=str(row.get("evidence") or ""),
                    level=str(row.get("difficulty") or ""),
                )
            )
    return found


def _databases(files: list[Path]) -> dict[str, Database]:
    entries = [(jsonfiles.as_object(one, str(file)), str(file)) for file in files for one in jsonfiles.rows(file)]
    return {str(one.get("db_id")): catalog.of_entry(one, where) for one, where in entries}


def _suites(folders: list[Path]) -> Callable[[str], list[Path]]:
    def files(name: str) -> list[Path]:
        for folder in folders:
            if Path(name).name == name and (folder / name).is_dir():
                there = sorted((folder / name).glob("*.sqlite"))
                return sorted(there, key=lambda file: file.stem != name)
        return []

    return files


def _rows(file: Path) -> list[dict[str, Any]]:
    return [jsonfiles.as_object(row, f"{file}: line {n}") for n, row in enumerate(jsonfiles.rows(file), 1)]


def _there(folder: Path, name: str) -> Path | None:
    return folder / name if (folder / name).is_file() else None
