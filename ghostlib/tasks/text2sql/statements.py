"""Where a statement of SQL ends, and small edits that must not touch what stands in quotes or comments."""

import re
from collections.abc import Iterator

# A quoted text, a quoted name, a comment; each also where it is never closed.
QUOTED = r"'(?:[^']|'')*(?:'|\Z)" r'|"(?:[^"]|"")*(?:"|\Z)' r"|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)"
COMMENT = r"--[^\n]*|/\*.*?(?:\*/|\Z)"
_PIECE = re.compile(rf"(?P<quoted>{QUOTED})|(?P<comment>{COMMENT})|(?P<word>\w+)|(?P<other>.)", re.DOTALL)
_THIS_YEAR = re.compile(r"year\s*\(\s*curdate\s*\(\s*\)\s*\)", re.IGNORECASE)
_SPOKEN = re.compile(
    "(?:select|distinct|from|join|left|outer|on|as|where|and|or|not|in|like|between|is|null|group|order|by|having|asc|desc|limit|"
    r"union|intersect|except|all|exists|case|when|then|else|end|cast|count|sum|avg|min|max|T\d+)",
    re.IGNORECASE,
)
_CHANGING = frozenset(
    "alter analyze attach begin commit create delete detach drop end insert pragma reindex release replace rollback "
    "savepoint truncate update vacuum".split()
)


def pieces(sql: str) -> Iterator[tuple[str, str]]:
    """The text as (kind, piece): "quoted", "comment", "word" or "other"; put together they are the text again."""
    for found in _PIECE.finditer(sql):
        yield str(found.lastgroup), found.group()


def first(sql: str) -> tuple[str, str]:
    """The first statement without its semicolon, and what stands behind it."""
    start = at = 0
    for kind, piece in pieces(sql):
        if kind == "other" and piece == ";":
            if sql[start:at].strip():
                return sql[start:at].strip(), sql[at + 1 :].strip()
            start = at + 1
        at += len(piece)
    return sql[start:].strip(), ""


def changes(sql: str) -> str:
    """The word of a statement that is there to change something (`DROP`), the first of the whole text; else empty."""
    begins = True
    for kind, piece in pieces(sql):
        if begins and kind == "word" and piece.lower() in _CHANGING:
            return piece.upper()
        if kind != "comment" and not piece.isspace():
            begins = piece == ";"
    return ""


def without_distinct(sql: str) -> str:
    """The text without the keyword DISTINCT; the official judge leaves it out on both sides unless it is told to keep it."""
    return "".join(piece for kind, piece in pieces(sql) if not (kind == "word" and piece.lower() == "distinct")).strip()


def runnable(sql: str) -> str:
    """The text with what models and old data sets write in place of SQLite's words: `> =`, and MySQL's current year (2020)."""
    for apart, joined in (("> =", ">="), ("< =", "<="), ("! =", "!=")):
        sql = sql.replace(apart, joined)
    return _THIS_YEAR.sub("2020", sql)


def plain(sql: str) -> str:
    """One spelling for texts that differ in blanks, comments, letter case outside quotes and a last semicolon alone."""
    kept = ((kind, piece) for kind, piece in pieces(first(sql)[0]) if kind != "comment" and not piece.isspace())
    return " ".join(piece if kind == "quoted" else piece.lower() for kind, piece in kept)


def spelled(sql: str) -> str:
    """The text in the one spelling that answers are taught in: SQL's words and aliases in small letters, `a, b` for `a , b`.

    Names and quoted texts stay as they are, for a database may tell capitals apart. It is the same query to every judge.
    """
    told: list[str] = []
    for kind, piece in pieces(sql):
        while piece == "," and told and told[-1] == " ":  # the end of a line stays: it may end a comment
            told.pop()
        told.append(piece.lower() if kind == "word" and _SPOKEN.fullmatch(piece) else piece)
    return "".join(told)
