"""What may run: the three classes of statement (created, skipped, refused) and the functions that an expression may call."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# pglast's node names. What stands in neither list is refused; docs/judging.md has the table for people.
CREATED = frozenset(
    "CreateStmt IndexStmt CreateEnumStmt AlterEnumStmt CompositeTypeStmt CreateRangeStmt CreateDomainStmt CreateSeqStmt "
    "AlterSeqStmt AlterTableStmt RenameStmt".split()
)
SKIPPED = {
    "VariableSetStmt": "a setting",
    "CommentStmt": "a comment",
    "AlterOwnerStmt": "an owner",
    "GrantStmt": "rights",
    "GrantRoleStmt": "rights",
    "AlterDefaultPrivilegesStmt": "rights",
    "CreateRoleStmt": "a role",
    "CreateExtensionStmt": "an extension",
    "CreateFunctionStmt": "a function",
    "AlterFunctionStmt": "a function",
    "CreateTrigStmt": "a trigger",
    "ViewStmt": "a view",
    "CreatePolicyStmt": "a policy",
    "RuleStmt": "a rule",
    "CreatedbStmt": "a database",
    "DropdbStmt": "a database",
    "CreateSchemaStmt": "a schema; its tables are judged in a throw-away one",
    "CreateStatsStmt": "statistics",
    "CreatePublicationStmt": "a publication",
    "InsertStmt": "data",
    "DropStmt": "a DROP; the judge starts empty",
}
# Nothing here reads files, sleeps, runs programs or builds a huge value out of a small text.
ALLOWED = frozenset(
    "now clock_timestamp statement_timestamp transaction_timestamp timezone date_trunc date_part extract age make_date "
    "make_interval date_bin isfinite gen_random_uuid uuidv4 uuidv7 lower upper length char_length octet_length "
    "character_length "
    "btrim ltrim rtrim concat concat_ws substr substring left right split_part position strpos starts_with md5 sha256 initcap "
    "abs ceil ceiling floor round trunc sqrt mod random nextval to_tsvector setweight to_char to_date to_timestamp to_number "
    "regexp_like like_escape jsonb_typeof jsonb_array_length jsonb_build_object jsonb_build_array json_build_object "
    "json_build_array array_length cardinality array_position num_nonnulls num_nulls daterange tsrange tstzrange int4range "
    "int8range numrange lower_inc upper_inc isempty is_normalized timestamp date".split()
)
RENAMED = frozenset("TABLE COLUMN TABCONSTRAINT DOMCONSTRAINT INDEX SEQUENCE TYPE ATTRIBUTE DOMAIN".split())
_WRITES = frozenset({"nextval"})  # not undone by a rollback, so not where a value is worked out at once


@dataclass(frozen=True)
class Ruling:
    """The class of one statement, why, and the schema names that it writes before its own names."""

    kind: str
    why: str = ""
    schemas: frozenset[str] = frozenset()


def rule(node: Any, *, edge: bool) -> Ruling:
    """The class of a parsed statement; `edge` where it is the first or last of its file."""
    name = type(node).__name__
    if name in SKIPPED:
        if name == "VariableSetStmt" and (node.name or "").lower() in ("role", "session_authorization"):
            return Ruling("refused", "SET ROLE and SET SESSION AUTHORIZATION are not for a schema")
        return Ruling("skipped", SKIPPED[name])
    if name == "TransactionStmt":
        opens = node.kind.name in ("TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT") and edge
        return Ruling("skipped", "a transaction") if opens else Ruling("refused", "a transaction inside the file")
    if name == "SelectStmt":
        settings = bool(node.targetList) and not node.fromClause and all(_sets(target.val) for target in node.targetList)
        return Ruling("skipped", "a setting") if settings else Ruling("refused", "a SELECT creates nothing")
    if name not in CREATED:
        return Ruling("refused", f"{name.removesuffix('Stmt')} does not belong to a schema")
    if name == "AlterTableStmt" and all(command.subtype.name == "AT_ChangeOwner" for command in node.cmds or ()):
        return Ruling("skipped", "an owner")
    if name == "RenameStmt" and node.renameType.name.removeprefix("OBJECT_") not in RENAMED:
        return Ruling("refused", "only tables, types and what belongs to them can be renamed")
    return _expressions(node)


def _expressions(node: Any) -> Ruling:
    schemas = set()
    for part, bound in _below(node):
        kind = type(part).__name__
        if kind == "FuncCall":
            called = str(part.funcname[-1].sval).lower()
            if called not in ALLOWED or (bound and called in _WRITES) or _foreign(part.funcname):
                return Ruling("refused", f"function {called}() is not on the list of those that a schema may call")
        elif kind == "A_Expr" and _foreign(part.name):
            return Ruling("refused", "an operator of another schema")
        elif kind in ("SelectStmt", "SubLink"):
            return Ruling("refused", "a query inside the statement")
        elif kind == "RangeVar" and part.schemaname:
            if part.schemaname in ("pg_catalog", "information_schema") or part.catalogname:
                return Ruling("refused", "only tables of this file can be named")
            schemas.add(part.schemaname)
        elif kind == "TypeName":
            schemas.update(_qualifier(part.names))
        elif kind in ("CreateEnumStmt", "AlterEnumStmt", "CreateRangeStmt"):
            schemas.update(_qualifier(part.typeName))
        elif kind == "RenameStmt" and isinstance(part.object, tuple):
            schemas.update(_qualifier(part.object))
        elif kind in ("IndexElem", "PartitionElem"):
            schemas.update(_qualifier(part.opclass), _qualifier(part.collation))
        elif kind == "CollateClause":
            schemas.update(_qualifier(part.collname))
        elif kind == "CreateDomainStmt":
            schemas.update(_qualifier(part.domainname))
        elif kind == "DefElem" and isinstance(part.arg, tuple):
            schemas.update(_qualifier(part.arg[:-1]))  # OWNED BY schema.table.column
    return Ruling("created", "", frozenset(schemas - {"pg_catalog", "information_schema"}))


def _qualifier(words: Any) -> list[str]:
    """The schema of a dotted name that is given as a list of strings, if there is one."""
    told = [str(word.sval) for word in words or () if hasattr(word, "sval")]
    return told[:-1][:1]


def _foreign(words: Any) -> bool:
    """Whether a function's or an operator's name says a schema other than the server's own."""
    return len(words) > 1 and str(words[0].sval) != "pg_catalog"


def _sets(value: Any) -> bool:
    return type(value).__name__ == "FuncCall" and value.funcname[-1].sval in ("set_config", "setval")


def _below(node: Any) -> Iterator[tuple[Any, bool]]:
    """Every node of the tree, and whether it stands in a partition bound, where the server works values out at once."""
    from pglast.ast import Node

    waiting: list[tuple[Any, bool]] = [(node, False)]
    while waiting:
        here, bound = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend((part, bound) for part in here)
        elif isinstance(here, Node):
            yield here, bound
            bound = bound or type(here).__name__ == "PartitionBoundSpec"
            waiting.extend((part, bound) for slot in here if isinstance(part := getattr(here, slot), tuple | list | Node))
