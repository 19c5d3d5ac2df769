"""A PostgreSQL database that a stranger's query may read and nothing else.

A query runs as a cursor of a READ ONLY transaction that is rolled back: PostgreSQL itself then takes a SELECT alone and lets it
write no table. What would still reach beyond (reading the server's files, writing large objects, other connections) are
functions that PostgreSQL calls volatile, and those are refused by name. The server ends what takes too long.
"""

import re
import time
from typing import Any

from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import catalog, statements
from ghostlib.tasks.text2sql.catalog import Column, Database, Key, Table
from ghostlib.tasks.text2sql.sandbox import Limits, Result

HARMLESS = ("random", "clock_timestamp", "timeofday", "gen_random_uuid")  # volatile, and yet only a value
TABLES = """
SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND has_table_privilege(c.oid, 'SELECT') ORDER BY n.nspname, c.relname
"""
COLUMNS = """
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = ANY (p.conkey), false)
FROM pg_attribute a LEFT JOIN pg_constraint p ON p.conrelid = a.attrelid AND p.contype = 'p'
WHERE a.attrelid = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""
KEYS = """
SELECT k.conrelid, one.attname, k.confrelid, other.attname FROM pg_constraint k
JOIN pg_attribute one ON one.attrelid = k.conrelid AND one.attnum = k.conkey[1]
JOIN pg_attribute other ON other.attrelid = k.confrelid AND other.attnum = k.confkey[1]
WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.conrelid = ANY (%s) ORDER BY k.conrelid, k.conname
"""
VOLATILE = "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND proname = ANY (%s) AND proname <> ALL (%s)"


class Postgres:
    """One connection to a database, for reading."""

    def __init__(self, address: str, limits: Limits) -> None:
        """Raises DataError where the server cannot be reached; the address is never shown with its password."""
        import psycopg

        self.limits, self.shown = (
            limits,
            re.sub(r"//[^@/]*@|\bpassword=\S+ ?", lambda hit: hit.group()[:2] if hit.group()[0] == "/" else "", address),
        )
        try:
            self._link = psycopg.connect(address, autocommit=True, connect_timeout=10)
            self._link.execute("SET default_transaction_read_only = on")
        except psycopg.Error as error:
            reason = (str(error).splitlines() or ["no reason given"])[0]
            raise DataError(f"{self.shown}: cannot be reached ({reason}). Check host, name and password.") from None

    def database(self) -> Database:
        """The tables and views that this login may read; those outside the search path with their schema."""
        found = self._link.execute(TABLES).fetchall()
        names = {oid: name if visible else f"{schema}.{name}" for oid, schema, name, visible in found}
        columns: dict[int, list[tuple[str, str, bool]]] = {oid: [] for oid in names}
        for oid, column, kind, keyed in self._link.execute(COLUMNS, [list(names)]):
            columns[oid].append((column, kind, keyed))
        tables = tuple(
            Table(names[oid], tuple(Column(c, catalog.kind(k)) for c, k, _ in own), tuple(c for c, _, keyed in own if keyed))
            for oid, own in columns.items()
        )
        told = self._link.execute(KEYS, [list(names)]).fetchall()
        keys = tuple(Key(names[one], column, names[other], target) for one, column, other, target in told if other in names)
        return Database(self._link.info.dbname, tables, keys)

    def run(self, sql: str, *, most: int | None = None, seconds: float | None = None) -> Result:
        """The rows of the first statement, at most `most`; errors are a Result, not raised."""
        import psycopg

        started, limit = time.monotonic(), seconds or self.limits.seconds
        statement, behind = statements.first(sql)
        if refused := statements.changes(f"{statement};{behind}") or self._reaching(statement):
            return Result("refused", [], message=f"{refused}: a query may only read")
        if not statement:
            return Result("error", [], message="there is no SQL")
        wanted = min(self.limits.rows, most if most is not None else self.limits.rows)
        try:
            self._link.execute("BEGIN TRANSACTION READ ONLY")
            self._link.execute(f"SET LOCAL statement_timeout = {max(1, int(limit * 1000))}")
            with self._link.cursor(name="asked") as cursor:
                cursor.execute(statement.encode())  # as bytes: a % in it is no placeholder
                rows: list[Any] = cursor.fetchmany(wanted + 1)
                columns = tuple(one.name for one in cursor.description or ())
            return Result("rows", rows[:wanted], columns, whole=len(rows) <= wanted, seconds=time.monotonic() - started)
        except psycopg.errors.QueryCanceled:
            return Result("timeout", [], message=f"not finished after {limit:g} s", seconds=time.monotonic() - started)
        except psycopg.errors.ReadOnlySqlTransaction as error:
            return Result("refused", [], message=str(error).splitlines()[0])
        except (psycopg.Error, ValueError) as error:
            return Result("error", [], message=(str(error).splitlines() or [type(error).__name__])[0])
        finally:
            if not self._link.closed:
                self._link.rollback()

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def _reaching(self, statement: str) -> str:
        """A volatile function that the statement names; "" where there is none."""
        if re.search(r"\bu&\s*[\"']", statement, re.IGNORECASE):
            return "U&"  # a name in escapes would not be found
        names = [piece for kind, piece in statements.pieces(statement) if kind in ("word", "quoted")]
        plain = {name.lower() for name in names} | {name.strip('"').replace('""', '"') for name in names}
        found = self._link.execute(VOLATILE, [sorted(plain), list(HARMLESS)]).fetchall()
        columns = {name for (name,) in found}
        called = (
            name for name in sorted(columns) if re.search(rf'"?{re.escape(name)}"?\s*\(', _bare(statement), re.IGNORECASE)
        )
        return next(called, "")


def _bare(statement: str) -> str:
    """The statement without its comments, which could stand between a function and its bracket."""
    return "".join(" " if kind == "comment" else piece for kind, piece in statements.pieces(statement))
