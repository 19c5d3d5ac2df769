"""What to do about a mistake: habits of other dialects, and the type that was probably meant."""

import re

HABITS = {
    "AUTO_INCREMENT": "MySQL's AUTO_INCREMENT is GENERATED ALWAYS AS IDENTITY here",
    "AUTOINCREMENT": "SQLite's AUTOINCREMENT is GENERATED ALWAYS AS IDENTITY here",
    "IDENTITY(": "SQL Server's IDENTITY(1,1) is GENERATED ALWAYS AS IDENTITY here",
    "IDENTITY (": "SQL Server's IDENTITY(1,1) is GENERATED ALWAYS AS IDENTITY here",
    "`": "backticks are MySQL's; leave names bare, or put them into double quotes",
    "ENUM(": "an inline ENUM is MySQL's; use text with CHECK (column IN (...))",
    "ENUM (": "an inline ENUM is MySQL's; use text with CHECK (column IN (...))",
    "ENGINE": "ENGINE= is MySQL's; leave it out",
    "UNSIGNED": "UNSIGNED is MySQL's; use CHECK (column >= 0)",
    "ZEROFILL": "ZEROFILL is MySQL's; leave it out",
    "DEFAULT CHARSET": "a table's CHARSET is MySQL's; leave it out",
    "CHARACTER SET": "CHARACTER SET is MySQL's; a database has one encoding here",
    "DELIMITER": "DELIMITER is a command of MySQL's client; leave it out",
    "CLUSTERED": "CLUSTERED is SQL Server's; leave it out",
    "[": "square brackets round names are SQL Server's; leave names bare",
    "ON UPDATE CURRENT": "ON UPDATE CURRENT_TIMESTAMP is MySQL's; leave it out",
    ",)": "leave out the comma before the closing bracket",
}
# Types of other dialects; the server says only that they do not exist.
FOREIGN_TYPES = {
    "datetime": "timestamp is PostgreSQL's DATETIME; timestamptz keeps the time zone",
    "datetime2": "timestamp is PostgreSQL's DATETIME2; timestamptz keeps the time zone",
    "datetimeoffset": "timestamptz is PostgreSQL's DATETIMEOFFSET",
    "smalldatetime": "timestamp(0) is PostgreSQL's SMALLDATETIME",
    "tinyint": "smallint is PostgreSQL's TINYINT; boolean where it is TINYINT(1)",
    "mediumint": "integer is PostgreSQL's MEDIUMINT",
    "int2unsigned": "integer with CHECK (column >= 0)",
    "double": "double precision is PostgreSQL's DOUBLE",
    "nvarchar": "varchar is PostgreSQL's NVARCHAR; text needs no length",
    "nchar": "char is PostgreSQL's NCHAR",
    "ntext": "text is PostgreSQL's NTEXT",
    "tinytext": "text is PostgreSQL's TINYTEXT",
    "mediumtext": "text is PostgreSQL's MEDIUMTEXT",
    "longtext": "text is PostgreSQL's LONGTEXT",
    "clob": "text is PostgreSQL's CLOB",
    "nclob": "text is PostgreSQL's NCLOB",
    "blob": "bytea is PostgreSQL's BLOB",
    "tinyblob": "bytea is PostgreSQL's TINYBLOB",
    "mediumblob": "bytea is PostgreSQL's MEDIUMBLOB",
    "longblob": "bytea is PostgreSQL's LONGBLOB",
    "binary": "bytea is PostgreSQL's BINARY",
    "varbinary": "bytea is PostgreSQL's VARBINARY",
    "image": "bytea is PostgreSQL's IMAGE",
    "raw": "bytea is PostgreSQL's RAW",
    "varchar2": "varchar is PostgreSQL's VARCHAR2",
    "nvarchar2": "varchar is PostgreSQL's NVARCHAR2",
    "number": "numeric is PostgreSQL's NUMBER; bigint or integer for whole numbers",
    "binary_double": "double precision is PostgreSQL's BINARY_DOUBLE",
    "binary_float": "real is PostgreSQL's BINARY_FLOAT",
    "uniqueidentifier": "uuid is PostgreSQL's UNIQUEIDENTIFIER",
    "smallmoney": "numeric(10,4) is PostgreSQL's SMALLMONEY",
    "rowversion": "bytea is PostgreSQL's ROWVERSION",
    "sql_variant": "jsonb or text is PostgreSQL's SQL_VARIANT",
    "string": "text is PostgreSQL's STRING",
    "year": "integer or smallint is PostgreSQL's YEAR",
    "enum": HABITS["ENUM("],
    "set": "text[] is PostgreSQL's SET",
    "bool2": "boolean",
}
KNOWN_TYPES = """bigint bigserial bit boolean bytea char character varchar cidr date daterange decimal float inet int integer
int2 int4 int8 interval json jsonb macaddr money numeric point real serial smallint smallserial text time timestamp
timestamptz timetz tsrange tstzrange tsvector uuid xml""".split()
NEW_STATEMENT = re.compile(r"(?:CREATE|ALTER|INSERT|DROP|COMMENT|SET)\b", re.IGNORECASE)


def hint(text: str, place: int) -> str:
    """What to do about a syntax error at `place`, where a known habit or a slip is the cause; else ""."""
    before, near = text[max(0, place - 200) : place], text[max(0, place - 24) : place + 40].upper()
    at = text[max(0, place - 24) : place + 1].upper() + text[place + 1 : place + 16].upper()
    if re.search(r",\s*(?:--[^\n]*\s*)?\)?$", text[max(0, place - 80) : place + 1]) and text[place : place + 1] == ")":
        return HABITS[",)"]
    if re.search(r"(?:\A|\n)[ \t]*GO[ \t\r]*(?:\n\s*|\Z)", before[-40:] + text[place : place + 8], re.IGNORECASE):
        return "GO is a command of SQL Server's tools; end statements with a semicolon"
    found = next((words for word, words in HABITS.items() if word in at), "")
    found = found or next((words for word, words in HABITS.items() if word in near), "")
    return found or _slip(text, place, before)


def type_hint(name: str) -> str:
    """What to do about a type that does not exist: another dialect's name, or the nearest one that does."""
    import difflib

    word = name.strip('"').split("(")[0].lower().removesuffix("[]")
    if word in FOREIGN_TYPES:
        return FOREIGN_TYPES[word]
    near = difflib.get_close_matches(word, KNOWN_TYPES, 1, 0.7)
    if near:
        return f"no type of this name; did you mean {near[0]}?"
    return "this type does not exist in PostgreSQL; an enumeration is text with CHECK (column IN (...))"


def _slip(text: str, place: int, before: str) -> str:
    """A comma, bracket or semicolon that is missing just before the place."""
    code = re.sub(r"'(?:[^']|'')*'|--[^\n]*", "", text[:place])
    open_brackets = code.count("(") - code.count(")")
    word = re.match(r"\w+", text[place:])
    if not text[place:].strip() or place >= len(text.rstrip()) - 1:
        return f"{open_brackets} bracket(s) are still open at the end" if open_brackets > 0 else ""
    if word and NEW_STATEMENT.match(text[place:]):
        return "the statement before has an open bracket" if open_brackets > 0 else "a semicolon is missing before this word"
    line_before = before.rstrip(" \t")
    if word and open_brackets > 0 and line_before.endswith("\n") and not line_before.rstrip().endswith((",", "(")):
        return "a comma is missing at the end of the line before"
    return ""
