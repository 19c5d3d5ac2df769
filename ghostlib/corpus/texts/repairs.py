"""SQL that PostgreSQL refuses, with the server's own words about it, and the repaired schema.

Each fault is one that people and models make. The problem's text is never ours: it is what the judge's server answered.
"""

import json
import re
from collections.abc import Callable
from random import Random

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.domains import Domain
from ghostlib.corpus.texts import families
from ghostlib.errors import DataError
from ghostlib.schemas import postgres
from ghostlib.schemas.postgres import SqlProblem

ASKS = (
    "PostgreSQL refuses this. Repair it and answer with the whole schema.",
    "Fix the error and write the schema again.",
    "This migration fails. Write it so that it runs.",
    "Repair this SQL.",
)
EXPLAIN = (
    "Say in one comment what is wrong, then write the repaired schema.",
    "Explain the error in a comment line and repair the schema.",
    "What does PostgreSQL mean here? Answer with a comment and the schema that works.",
)
Fault = Callable[[str, Random], tuple[str, str] | None]


def repair(domain: Domain, rng: Random) -> tuple[str, str, str] | None:
    """Instruction, broken SQL with PostgreSQL's words, and the repaired schema, every second time below one comment.

    None where the family gives no occasion for the fault that was drawn. Raises DataError where the server took a fault.
    """
    whole = families.sql(families.schema(families.family(domain, rng)))
    made = rng.choice(FAULTS)(whole, rng)
    if made is None:
        return None
    broken, reason = made
    problems = postgres.judge(broken).problems
    if not problems:
        raise DataError(f"PostgreSQL took what should be refused: {reason}.")
    said = _said(problems[0], broken, rng)
    given = f"{broken}\n\n{said}" if rng.random() < 0.75 else f"{said}\n\n{broken}"
    if rng.random() < 0.5:
        return rng.choice(EXPLAIN), given, f"-- {reason}\n{whole}"
    return rng.choice(ASKS), given, whole


def _said(problem: SqlProblem, sql: str, rng: Random) -> str:
    """The problem as one of the tools shows it that people copy from."""
    line = sql.split("\n")[problem.line - 1] if problem.line else ""
    return rng.choice(
        (
            f"ERROR:  {problem.message}\nLINE {problem.line}: {line.strip()}\nSQL state: {problem.sqlstate}",
            f"psql:schema.sql:{problem.line}: ERROR:  {problem.message}",
            f"PostgreSQL says: {problem.message} ({problem.sqlstate}, line {problem.line}).",
            f"line {problem.line}, column {problem.column}: {problem.sqlstate} {problem.message}",
            json.dumps({"line": problem.line, "sqlstate": problem.sqlstate, "message": problem.message}),
        )
    )


def _swapped(sql: str, pattern: str, by: str, rng: Random) -> tuple[str, re.Match[str]] | None:
    """The SQL with one match of the pattern, any of them, in another form; None where there is none."""
    found = list(re.finditer(pattern, sql, re.MULTILINE))
    if not found:
        return None
    match = rng.choice(found)
    return sql[: match.start()] + match.expand(by) + sql[match.end() :], match


def _late_parent(sql: str, rng: Random) -> tuple[str, str] | None:
    tables = re.findall(r"CREATE TABLE .*?\n\);", sql, re.DOTALL)
    for place, text in enumerate(tables[1:], 1):
        parents = [p for p in tables[:place] if f"REFERENCES {p.split()[2]} (" in text]
        if parents:
            parent, child = parents[0], text
            moved = sql.replace(child, "\x00").replace(parent, child).replace("\x00", parent)
            reason = f"{child.split()[2]} points at {parent.split()[2]}, which was not there yet: parents come first."
            return moved, reason
    return None


def _singular_parent(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"REFERENCES (\w+)s \(id\)", r"REFERENCES \1 (id)", rng)
    return made and (made[0], f"There is no table {made[1][1]}; it is called {made[1][1]}s.")


def _foreign_type(sql: str, rng: Random) -> tuple[str, str] | None:
    foreign, own = rng.choice(
        (
            ("datetime", "timestamptz"),
            ("string", "text"),
            ("double", r"numeric\(10,2\)"),
            ("number", "integer"),
            ("bool_flag", "boolean"),
            ("nvarchar(255)", "text"),
            ("longtext", "text"),
            ("tinyint(1)", "boolean"),
            ("mediumint", "integer"),
        )
    )
    made = _swapped(sql, rf"^(    (\w+)) {own}(?=[ ,\n])", rf"\1 {foreign}", rng)
    real = own.replace("\\", "")
    return made and (made[0], f"PostgreSQL has no type {foreign.split('(')[0]}; {made[1][2]} is {real}.")


def _auto_increment(sql: str, rng: Random) -> tuple[str, str] | None:
    key = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    made = _swapped(sql, re.escape(key), "id bigint PRIMARY KEY AUTO_INCREMENT", rng)
    return made and (made[0], "AUTO_INCREMENT is MySQL's; PostgreSQL's key is GENERATED ALWAYS AS IDENTITY.")


def _text_key(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"^    (\w+_id) bigint( NOT NULL)? REFERENCES (\w+)", r"    \1 text\2 REFERENCES \3", rng)
    return made and (made[0], f"{made[1][1]} must have the type of {made[1][3]}.id, which is bigint and not text.")


def _trailing_comma(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"\n\);", ",\n);", rng)
    return made and (made[0], "A comma stood after the last column of a table.")


def _missing_comma(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"^    (\w+) ([^\n]*),$", r"    \1 \2", rng)
    return made and (made[0], f"The comma after {made[1][1]} was missing.")


def _missing_semicolon(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"\);(?=\n\nCREATE)", ")", rng)
    return made and (made[0], "A semicolon was missing between two statements.")


def _twice(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"^    (?!id )(\w+) (text|date|integer|numeric\(10,2\))([^\n]*),$", r"    \1 \2\3,\n    \1 \2,", rng)
    return made and (made[0], f"{made[1][1]} stood twice in one table.")


def _lost_index(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"^CREATE INDEX ON (\w+) \((\w+)_id\);", r"CREATE INDEX ON \1 (\2);", rng)
    return made and (made[0], f"{made[1][1]} has no column {made[1][2]}; the index belongs on {made[1][2]}_id.")


def _double_quotes(sql: str, rng: Random) -> tuple[str, str] | None:
    found = re.search(r"CHECK \((\w+) IN \(([^)]*)\)\)", sql)
    if not found:
        return None
    broken = sql.replace(found[2], found[2].replace("'", '"'), 1)
    return broken, "Double quotes name a column; a text value stands in single quotes."


def _inline_enum(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"text((?: NOT NULL)?) CHECK \((\w+) IN (\([^)]*\))\)", r"ENUM\3\1", rng)
    return made and (made[0], f"ENUM(...) is MySQL's; {made[1][2]} is text with a CHECK of its values.")


def _second_key(sql: str, rng: Random) -> tuple[str, str] | None:
    made = _swapped(sql, r"^    (\w+) text NOT NULL UNIQUE", r"    \1 text PRIMARY KEY", rng)
    return made and (made[0], f"A table has one primary key, the id; {made[1][1]} is NOT NULL UNIQUE.")


def _named_target(sql: str, rng: Random) -> tuple[str, str] | None:
    found = re.search(r"REFERENCES (\w+) \(id\)", sql)
    names = found and re.search(rf"CREATE TABLE {found[1]} \(\n    id [^\n]*\n    (\w+) text", sql)
    if not (found and names):
        return None
    broken = sql.replace(found[0], f"REFERENCES {found[1]} ({names[1]})", 1)
    one = truth.singular(found[1]).replace("_", " ")
    return broken, f"The key of {one} is bigint and points at {found[1]} (id), not at its {names[1]}."


def _same_table(sql: str, rng: Random) -> tuple[str, str] | None:
    tables = re.findall(r"CREATE TABLE .*?\n\);", sql, re.DOTALL)
    text = rng.choice(tables)
    head = "\n".join(text.split("\n")[:3]).rstrip(",")
    return sql.replace(text, f"{text}\n\n{head}\n);"), f"{text.split()[2]} was created twice."


FAULTS: tuple[Fault, ...] = (
    _late_parent,
    _singular_parent,
    _foreign_type,
    _foreign_type,
    _auto_increment,
    _text_key,
    _trailing_comma,
    _missing_comma,
    _missing_semicolon,
    _twice,
    _lost_index,
    _double_quotes,
    _inline_enum,
    _second_key,
    _named_target,
    _same_table,
)
