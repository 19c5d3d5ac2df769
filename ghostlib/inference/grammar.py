"""The target language as a grammar in GBNF: what decoding may write. One text for llama.cpp and, through xgrammar, for HF.

It holds the form that `ddl.canonical` writes and nothing else. It fixes the syntax and never a name: which tables and columns
there are, and whether a key points at something, is the model's to say and PostgreSQL's to judge. A name may not be a reserved
word unless it stands in quotes, since that is syntax.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from ghostlib.corpus import lists
from ghostlib.errors import ToolError

TYPES = (
    """
    text integer bigint smallint boolean date time timestamptz interval jsonb uuid inet bytea numeric real
""".split()
    + ["double precision"]
)
# Expressions stand in CHECK, DEFAULT and an index, with one blank between words, as the server prints them: its spelling of
# LIKE is ~~, of coalesce COALESCE, and a cast names a type in full.
RULES = r"""
root ::= schema
schema ::= table ("\n\n" (table | alter))* ("\n\n" index)*
table ::= "CREATE TABLE " name " (\n" row (",\n" row)* "\n);"
row ::= "    " (column | constraint)
column ::= name " " kind (" PRIMARY KEY" | " NOT NULL")? " UNIQUE"? default? check* target*
kind ::= type | whole " GENERATED ALWAYS AS IDENTITY"
constraint ::= "PRIMARY KEY (" names ")" | "UNIQUE (" names ")" | "CHECK (" condition ")" | foreign
foreign ::= "FOREIGN KEY (" names ")" target
target ::= " REFERENCES " name " (" names ")"
check ::= " CHECK (" condition ")"
default ::= " DEFAULT " operand
alter ::= "ALTER TABLE " name " ADD " foreign ";"
index ::= "CREATE " "UNIQUE "? "INDEX ON " name (" USING " method)? " (" key (", " key)* ");"
key ::= (name | called | "(" condition ")") (" DESC" | " ASC")? (" NULLS FIRST" | " NULLS LAST")?
condition ::= clause ((" AND " | " OR ") clause)*
clause ::= "NOT "? sum comparison?
comparison ::= " " operator " " (sum | ("ANY (" | "ALL (") sum ")") | " " "NOT "? listed | " IS " "NOT "? truth
truth ::= "NULL" | "TRUE" | "FALSE" | "DISTINCT FROM " sum
listed ::= "IN (" sum (", " sum)* ")" | "BETWEEN " sum " AND " sum | ("LIKE " | "ILIKE ") sum
operator ::= "=" | "<>" | "<=" | ">=" | "<" | ">" | "!"? "~" "~"? "*"? | "@>" | "<@" | "&&" | "?" [|&]?
sum ::= operand (" " ([-+*/%^&|#] | "||" | [-#] ">" ">"?) " " operand)*
operand ::= "- "? (string | number | constant | element | called | array | case | "(" condition ")") ("::" cast)*
cast ::= type | ("timestamp with" | "time without") " time zone" "[]"? | "unknown"
element ::= name ("[" [0-9] "]")?
called ::= (function | quoted) call | some | worded
some ::= several "(" condition (", " condition)* ")" | ("NULLIF(" | "nullif(") condition ", " condition ")"
several ::= "COALESCE" | "coalesce" | "GREATEST" | "greatest" | "LEAST" | "least"
worded ::= "EXTRACT(" part " FROM " condition ")" | "TRIM(" side (operand " ")? "FROM " condition ")" | position
part ::= "year" | "quarter" | "month" | "week" | "day" | "dow" | "hour" | "minute" | "second" | "epoch"
side ::= "BOTH " | "LEADING " | "TRAILING "
position ::= "POSITION((" condition ") IN (" condition "))"
call ::= "(" (condition (", " condition)*)? ")"
array ::= "ARRAY[" (condition (", " condition)*)? "]"
case ::= "\nCASE" ("\n    WHEN " condition " THEN " condition)+ ("\n    ELSE " condition)? "\nEND"
constant ::= "true" | "false" | "NULL" | "CURRENT_" ("DATE" | "TIMESTAMP" | "TIME" | "USER") | "LOCALTIMESTAMP"
string ::= "'" ([^'\x00-\x1f] | "''")* "'"
number ::= "-"? [0-9]+ ("." [0-9]+)?
whole ::= "bigint" | "integer" | "smallint"
names ::= name (", " name)*
name ::= bare | quoted
quoted ::= "\"" ([^"\x00-\x1f] | "\"\"")+ "\""
method ::= "btree" | "hash" | "gin" | "gist" | "brin" | "spgist"
"""
OUTLINED = r"""
root ::= (listed-table+ "\n")? schema
listed-table ::= "# " word "\n" (word ": " said (", key")? (", required")? "\n")*
said ::= KINDS | "link " word | "choice " choice (" / " choice){0,11} | "from " number " to " number | type
choice ::= [^,/\x00-\x1f]{1,63}
word ::= [a-z_] [a-z_0-9]{0,62}
"""


@lru_cache(maxsize=2)
def gbnf(*, outlined: bool = False) -> str:
    """The whole grammar, as llama.cpp and xgrammar read it; its first rule is `root`. With `outlined` a plain list of tables

    and fields (corpus/lists.py) may stand before the SQL. Its names have the 63 letters that PostgreSQL reads of one, and a
    choice has twelve options: a small model that repeats itself would go on to the end of its tokens.
    """
    from pglast import keywords

    kinds = " | ".join(f'"{kind}"' for kind in TYPES)
    precision = '"numeric(" [1-9] [0-9]? [0-9]? "," [0-9] [0-9]? ")"'
    rules = RULES.strip().splitlines()
    if outlined:
        said = " | ".join(f'"{kind}"' for kind in lists.TYPES)
        rules = [*OUTLINED.strip().replace("KINDS", said).splitlines(), *rules[1:]]
    rules += [f'type ::= ({kinds} | {precision}) "[]"?']
    reserved, special = set(keywords.RESERVED_KEYWORDS), set(keywords.COL_NAME_KEYWORDS)
    rules += _bare("bare", reserved | set(keywords.TYPE_FUNC_NAME_KEYWORDS))
    return "\n".join([*rules, *_bare("function", reserved | special), "rest ::= [a-z0-9_]*"]) + "\n"


def constraint(
    tokenizer: Any, ends: Sequence[int], vocabulary: int, rows: int, *, outlined: bool = False
) -> Callable[[Any, Any], Any]:
    """What bars every token that the grammar does not allow: (input_ids, scores) -> scores, for `rows` answers at once.

    `ends` are the tokens that end an answer, `vocabulary` the width of the scores. Raises ToolError without xgrammar.
    """
    try:
        import xgrammar
    except ImportError:
        raise ToolError(
            "xgrammar: is not installed, so transformers cannot be held to the grammar. "
            "Run `make setup`, or leave the grammar out (--free)"
        ) from None
    import torch

    compiled = _compiled(tokenizer, tuple(ends), vocabulary, outlined)
    matchers = [xgrammar.GrammarMatcher(compiled) for _ in range(rows)]
    mask = xgrammar.allocate_token_bitmask(rows, vocabulary)
    begun = False

    def allowed(written: Any, scores: Any) -> Any:
        nonlocal begun
        for row, matcher in enumerate(matchers):
            if begun and not matcher.is_terminated():
                matcher.accept_token(int(written[row, -1]))
            if matcher.is_terminated():
                mask[row] = -1  # what follows an end is padding
            else:
                matcher.fill_next_token_bitmask(mask, row)
        begun = True
        bits = torch.arange(32, dtype=torch.int32, device=scores.device)
        open_ones = (mask.to(scores.device).unsqueeze(-1) >> bits & 1).flatten(1)[:, : scores.shape[-1]].bool()
        return scores.masked_fill(~open_ones, float("-inf"))

    return allowed


def accepts(text: str, *, outlined: bool = False) -> bool:
    """Whether the text is a whole sentence of the target language, with `outlined` perhaps after a list."""
    import xgrammar

    matcher = xgrammar.GrammarMatcher(_alone(outlined))
    return matcher.accept_string(text) and matcher.is_completed()


@lru_cache(maxsize=2)
def _compiled(tokenizer: Any, ends: tuple[int, ...], vocabulary: int, outlined: bool) -> Any:
    import xgrammar

    known = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary, stop_token_ids=list(ends))
    return xgrammar.GrammarCompiler(known).compile_grammar(gbnf(outlined=outlined))


@lru_cache(maxsize=2)
def _alone(outlined: bool) -> Any:
    """The grammar over single bytes: no model's tokens are needed to ask whether a text is of the language."""
    import xgrammar

    letters = xgrammar.TokenizerInfo([bytes([value]) for value in range(256)], stop_token_ids=[0])
    return xgrammar.GrammarCompiler(letters).compile_grammar(gbnf(outlined=outlined))


def _bare(rule: str, reserved: Iterable[str]) -> list[str]:
    """The rules of a bare name that is none of the reserved words: their letters as a tree, left where a name differs."""
    tree: dict[str, dict[str, None]] = {"": {}}
    words = set(reserved)
    for word in sorted(words):
        for end in range(len(word)):
            tree.setdefault(word[: end + 1], {})
            tree[word[:end]][word[end]] = None
    number = {prefix: f"{rule}{place or ''}" for place, prefix in enumerate(tree)}
    rules = []
    for prefix, following in tree.items():
        options = [f'"{letter}" {number[prefix + letter]}' for letter in following]
        first = "abcdefghijklmnopqrstuvwxyz_" + "0123456789" * bool(prefix)
        others = "".join(letter for letter in first if letter not in following)
        options.append(f"[{others}] rest")
        if prefix and prefix not in words:
            options.append('""')
        rules.append(f"{number[prefix]} ::= {' | '.join(options)}")
    return rules
