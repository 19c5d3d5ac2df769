"""The questions that ship: databases and their questions in Spider's layout, made from the project's own domains.

`python -m ghostlib.corpus.questions` writes them to `data/text2sql/`. Training and validation share no database.
"""

import json
import random
import re
import sqlite3
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ghostlib import config
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.questions import filled
from ghostlib.corpus.questions.patterns import PATTERNS
from ghostlib.corpus.questions.subject import Subject, Unfit
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION

SEED = 7
WANTED = {"easy": 7, "medium": 8, "hard": 7, "extra": 6}  # questions a database
DATABASES = {"train": 16, "validation": 6}
FILES = {"train": "train_spider.json", "validation": "dev.json"}
SUITE = 2  # databases of one schema in validation: a query that is right on one by luck fails on another
MOST_ROWS = 60  # of an answer


def main() -> None:
    """Writes `data/text2sql/`."""
    folder = config.root() / "data" / "text2sql"
    print(f"{folder}: {write(folder)} questions")


def write(folder: Path, *, seed: int = SEED) -> int:
    """The data set in Spider's layout (tables.json, train_spider.json, dev.json, database/); how many questions it has."""
    tables, asked = [], 0
    for split, names in chosen().items():
        told: list[dict[str, Any]] = []
        for name in tqdm(names, desc=split, unit="database", disable=None):
            files = suite(folder / "database", name, split)
            for place, file in enumerate(files):
                filled.write(DOMAINS[name], seed + place, file)
            told += questions(name, files, seed)
            tables.append(filled.entry(DOMAINS[name]))
        write_atomically(folder / FILES[split], _lines(told))
        asked += len(told)
    write_atomically(folder / "tables.json", _lines(tables))
    return asked


def chosen() -> dict[str, list[str]]:
    """The domains of each split, the same always; none is in both."""
    there = {"train": TRAINING, "validation": VALIDATION}
    return {split: sorted(random.Random(SEED).sample(there[split], count)) for split, count in DATABASES.items()}


def suite(folder: Path, name: str, split: str) -> list[Path]:
    """Where the databases of one schema lie, the one that questions are asked about first."""
    more = [f"{name}_{place}" for place in range(2, SUITE + 1)] if split == "validation" else []
    return [folder / name / f"{stem}.sqlite" for stem in (name, *more)]


def questions(name: str, files: list[Path], seed: int) -> list[dict[str, Any]]:
    """The questions about one database, no two with one query; every answer depends on nothing but the rows."""
    rng = random.Random(f"{name} {seed} questions")
    domain, rows = DOMAINS[name], filled.rows(DOMAINS[name], seed)
    links = [sqlite3.connect(file) for file in files]
    found: list[dict[str, Any]] = []
    known: set[str] = set()
    for level, count in WANTED.items():
        made = turn = 0
        while made < count and turn < 4_000:
            pattern = PATTERNS[level][turn % len(PATTERNS[level])]
            turn += 1
            entity = rng.choice(domain.entities)
            try:
                told, query = pattern(Subject(domain, entity, rows, rng))
            except Unfit:
                continue
            if query not in known and _definite(query, links):
                known.add(query)
                found.append(_row(name, told, query))
                made += 1
    for link in links:
        link.close()
    return found


def _definite(query: str, links: list[sqlite3.Connection]) -> bool:
    """Whether the answer is there and its rows stand in one order only, whichever way SQLite goes through the tables."""
    for place, link in enumerate(links):
        answers = []
        for backwards in (0, 1):
            link.execute(f"PRAGMA reverse_unordered_selects = {backwards}")
            answers.append(link.execute(query).fetchall())
        if place == 0 and (not answers[0] or len(answers[0]) > MOST_ROWS or set(answers[0][0]) <= {None, 0}):
            return False
        if answers[0] != answers[1] if "ORDER BY" in query else sorted(map(repr, answers[0])) != sorted(map(repr, answers[1])):
            return False
    return True


def _row(name: str, told: str, query: str) -> dict[str, Any]:
    """A row of Spider's files, without the parsed query that those also carry."""
    return {
        "db_id": name,
        "question": told,
        "query": query,
        "question_toks": re.findall(r"\w+|[^\w\s]", told),
        "query_toks": re.findall(r"'[^']*'|[\w.]+|[<>!]=|[^\w\s]", query),
    }


def _lines(rows: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
