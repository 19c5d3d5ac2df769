"""What may run: the three classes of statement (created, skipped, refused), and what a created one may name and call."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ghostlib.schemas import calls, extensions
from ghostlib.schemas.inventory import OWN, Inventory
from ghostlib.schemas.trees import told

ALLOWED = calls.ALLOWED
# pglast's node names. What stands in neither list is refused; docs/judging.md has the table for people.
CREATED = frozenset(
    "CreateStmt IndexStmt CreateEnumStmt AlterEnumStmt CompositeTypeStmt CreateRangeStmt CreateDomainStmt AlterDomainStmt "
    "CreateSeqStmt AlterSeqStmt AlterTableStmt RenameStmt AlterObjectSchemaStmt CommentStmt DropStmt".split()
)
_SKIPPED = {
    "a setting": "VariableSet VariableShow ConstraintsSet Discard AlterDatabaseSet AlterRoleSet",
    "an owner": "AlterOwner ReassignOwned DropOwned",
    "rights": "Grant GrantRole AlterDefaultPrivileges SecLabel",
    "a role": "CreateRole AlterRole DropRole",
    "an extension": "CreateExtension AlterExtension AlterExtensionContents AlterObjectDepends",
    "a function": "CreateFunction AlterFunction CreateTransform CreatePLang",
    "a cast, an operator or its class": "CreateCast CreateOpClass CreateOpFamily AlterOpFamily AlterOperator CreateConversion",
    "an aggregate, operator, base type, collation or text search object": "Define AlterType AlterCollation AlterTSDictionary "
    "AlterTSConfiguration",
    "a trigger": "CreateTrig CreateEventTrig AlterEventTrig",
    "a view": "View RefreshMatView",
    "a policy": "CreatePolicy AlterPolicy",
    "a rule": "Rule",
    "a database": "Createdb Dropdb AlterDatabase AlterDatabaseRefreshColl",
    "a schema; its tables are judged in a throw-away one": "CreateSchema",
    "statistics": "CreateStats AlterStats",
    "a publication or subscription": "CreatePublication AlterPublication CreateSubscription AlterSubscription DropSubscription",
    "foreign data": "CreateForeignTable CreateForeignServer AlterForeignServer CreateFdw AlterFdw CreateUserMapping "
    "AlterUserMapping DropUserMapping ImportForeignSchema",
    "a tablespace or access method": "CreateTableSpace AlterTableSpaceOptions AlterTableMoveAll DropTableSpace CreateAm",
    "data": "Insert Update Delete Merge Truncate",
    "maintenance": "Vacuum Cluster Reindex Lock Notify Listen Unlisten CheckPoint",
}
SKIPPED = {f"{name}Stmt": why for why, names in _SKIPPED.items() for name in names.split()}
RENAMED = frozenset("TABLE COLUMN TABCONSTRAINT DOMCONSTRAINT INDEX SEQUENCE TYPE ATTRIBUTE DOMAIN".split())
DROPPED = frozenset("TABLE INDEX SEQUENCE TYPE DOMAIN".split())
ALTERED = frozenset("TABLE INDEX SEQUENCE TYPE".split())
_SETS = ("set_config", "setval")
_LARGE_OBJECT = ("lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink")
_SYSTEM = {"pg_catalog", "information_schema"}
_OWN = re.compile(rf"{OWN}(?:_\d+)?")
_NAMED_TYPE = re.compile(r"reg(?:class|type|proc|procedure|oper|operator|role|namespace|config|dictionary|collation)")


@dataclass(frozen=True)
class Ruling:
    """The class of one statement, and why."""

    kind: (
        str  # "created", "skipped", "refused"; "opens" and "closes" are a transaction's ends, which depend on where they stand
    )
    why: str = ""
    schemas: frozenset[str] = frozenset()


def rule(node: Any, known: Inventory) -> Ruling:
    """The class of a parsed statement among those that stood before it in the file."""
    name = type(node).__name__
    if name == "VariableSetStmt" and (node.name or "").lower() in ("role", "session_authorization"):
        return Ruling("refused", "SET ROLE and SET SESSION AUTHORIZATION are not for a schema")
    if name in SKIPPED:
        return Ruling("skipped", SKIPPED[name])
    if name == "TransactionStmt":
        kinds = {"TRANS_STMT_BEGIN": "opens", "TRANS_STMT_START": "opens", "TRANS_STMT_COMMIT": "closes"}
        return Ruling(kinds.get(node.kind.name, "refused"), "a transaction inside the file")
    if name == "SelectStmt":
        return _select(node, known)
    if name == "CopyStmt" and node.is_from and not node.is_program and node.filename is None:
        return Ruling("skipped", "data")
    if name == "CreateTableAsStmt" and node.objtype.name == "OBJECT_MATVIEW":
        return Ruling("skipped", "a view")
    if name not in CREATED:
        return Ruling("refused", f"{name.removesuffix('Stmt')} does not belong to a schema")
    return _skip(node, name, known) or Ruling("created")


def objection(node: Any, nodes: list[tuple[Any, bool]], *, own: bool = False) -> str:
    """Why a statement of the created class may not run, for what it names or calls; or "".

    `own`: it is in the form in which it is sent, so that every schema in it must be the judge's.
    """
    rowless = type(node).__name__ in ("CreateDomainStmt", "AlterDomainStmt")
    casts = {id(part.typeName) for part, bound in nodes if type(part).__name__ == "TypeCast" and not bound}
    for part, bound in nodes:
        kind = type(part).__name__
        if kind == "FuncCall":
            if why := calls.why_not(part, allowed=ALLOWED, bound=bound, rowless=rowless):
                return why
        elif kind == "A_Expr" and len(part.name) > 1 and str(part.name[0].sval) != "pg_catalog":
            return "an operator of another schema"
        elif kind in ("SelectStmt", "SubLink"):
            return "a query inside the statement"
        elif kind == "TypeName" and id(part) not in casts and looks_up(part):
            return f"{told(part.names)[-1]} looks names up in the server's own catalogs"
        named = set(_named(part, kind))
        if kind in ("TypeName", "IndexElem", "PartitionElem", "CollateClause"):
            named -= _SYSTEM
        if named & _SYSTEM or (kind == "RangeVar" and part.catalogname):
            return "only tables of this file can be named"
        if own and not all(_OWN.fullmatch(schema) for schema in named):
            return "a schema name that cannot be mapped to the throw-away schema"
    return ""


def schemas(nodes: list[tuple[Any, bool]]) -> set[str]:
    """The schemas that a statement names, without the server's own."""
    return {schema for part, _ in nodes for schema in _named(part, type(part).__name__)} - _SYSTEM


def looks_up(kind: Any) -> bool:
    """Whether values of a type are names of things on the server, which a text may not ask for: regclass and its like."""
    return _NAMED_TYPE.fullmatch((told(kind.names) or [""])[-1]) is not None


def literal(part: Any) -> str:
    """The text of 'a.b'::regclass or nextval('a.b'), where the tree's part is one of these; else ""."""
    kind = type(part).__name__
    inner = None
    if kind == "TypeCast" and _NAMED_TYPE.fullmatch(told(part.typeName.names)[-1]):
        inner = part.arg
    elif kind == "FuncCall" and str(part.funcname[-1].sval) in ("nextval", "currval", "pg_get_serial_sequence") and part.args:
        inner = part.args[0]
    return str(inner.val.sval) if type(inner).__name__ == "A_Const" and hasattr(inner.val, "sval") else ""


def split_literal(value: str) -> tuple[str, str]:
    """The schema ("" where there is none) and the rest of a name that stands in a text constant."""
    found = re.match(r'\s*("(?:[^"]|"")+"|[^".\s]+)\s*\.\s*(.*)', value, re.DOTALL)
    return (found[1], found[2]) if found else ("", value)


def _named(part: Any, kind: str) -> Iterator[str]:
    """The schemas that one node of the tree names."""
    if kind == "RangeVar":
        yield from (str(part.schemaname),) if part.schemaname else ()
    elif kind == "TypeName":
        yield from _qualifier(part.names)
    elif kind in ("CreateEnumStmt", "AlterEnumStmt", "CreateRangeStmt", "AlterDomainStmt"):
        yield from _qualifier(part.typeName)
    elif kind == "RenameStmt" and isinstance(part.object, tuple):
        yield from _qualifier(part.object)
    elif kind in ("IndexElem", "PartitionElem"):
        yield from _qualifier(part.opclass)
        yield from _qualifier(part.collation)
    elif kind == "CollateClause":
        yield from _qualifier(part.collname)
    elif kind == "CreateDomainStmt":
        yield from _qualifier(part.domainname)
    elif kind == "DefElem" and isinstance(part.arg, tuple):
        yield from _qualifier(part.arg[:-1])  # OWNED BY schema.table.column
    elif kind == "AlterObjectSchemaStmt":
        yield str(part.newschema)
        yield from _qualifier(part.object if isinstance(part.object, tuple) else ())
    elif kind == "DropStmt":
        for words in part.objects:
            yield from _qualifier(words if isinstance(words, tuple) else ())
    elif kind == "CommentStmt" and isinstance(part.object, tuple):
        whole = part.objtype.name in ("OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_SEQUENCE")
        yield from _qualifier(part.object if whole else part.object[:-1])
    elif value := literal(part):
        schema = split_literal(value)[0]
        yield from (schema,) if schema else ()


def _skip(node: Any, name: str, known: Inventory) -> Ruling | None:
    """Why a statement of the created class is skipped all the same: it is about something that is not a table of the file."""
    if name == "RenameStmt" and node.renameType.name.removeprefix("OBJECT_") not in RENAMED:
        whole = node.renameType.name in ("OBJECT_SCHEMA", "OBJECT_ROLE", "OBJECT_DATABASE")
        return Ruling("refused" if whole else "skipped", "only tables, types and what belongs to them can be renamed")
    if name == "AlterTableStmt" and node.objtype.name.removeprefix("OBJECT_") not in ALTERED:
        return Ruling("skipped", "a view or foreign table")
    relation = getattr(node, "relation", None)
    if name == "CreateStmt" and relation.relpersistence == "t":
        return Ruling("skipped", "a temporary table")
    if relation is not None and known.has_view(relation) and not known.has_table(relation):
        return Ruling("skipped", "a view or foreign table")
    if name == "DropStmt":
        return _drop(node, known)
    if name == "CommentStmt":
        return _comment(node, known)
    if name == "AlterObjectSchemaStmt" and (relation is None or not known.has_table(relation)):
        return Ruling("skipped", "a move to another schema")
    return None


def _drop(node: Any, known: Inventory) -> Ruling | None:
    names = [told(words.names if hasattr(words, "names") else words) for words in node.objects]
    there = [known.has_table(name) or known.has_other(name) or name[-1] in known.types for name in names if name]
    mine = node.removeType.name.removeprefix("OBJECT_") in DROPPED and not node.concurrent
    if mine and there and (all(there) or (any(there) and node.missing_ok)):
        return None
    return Ruling("skipped", "a DROP; what it names is not there")


def _comment(node: Any, known: Inventory) -> Ruling | None:
    kind, about = node.objtype.name.removeprefix("OBJECT_"), node.object
    names = told(about.names) if hasattr(about, "names") else told(about)
    there = {
        "TABLE": lambda: known.has_table(names),
        "COLUMN": lambda: known.has_table(names[:-1]),
        "TABCONSTRAINT": lambda: known.has_table(names[:-1]) and names[-1] not in known.left_out,
        "INDEX": lambda: known.has_other(names) and names[-1] not in known.left_out,
        "SEQUENCE": lambda: known.has_other(names),
        "TYPE": lambda: names[-1] in known.types,
        "DOMAIN": lambda: names[-1] in known.types,
    }
    return None if kind in there and there[kind]() else Ruling("skipped", "a comment; its object is not there")


def _select(node: Any, known: Inventory) -> Ruling:
    """A SELECT is a setting or a large object's data of a dump, a message, or refused. None is ever run."""
    values = [target.val for target in node.targetList or ()]
    plain = bool(values) and not any((node.fromClause, node.intoClause, node.whereClause, node.withClause, node.larg))
    called = {str(v.funcname[-1].sval) for v in values if type(v).__name__ == "FuncCall"} if plain else set()
    if plain and all(type(value).__name__ == "FuncCall" for value in values):
        if called <= set(_SETS):
            return Ruling("skipped", "a setting")
        if called <= set(_LARGE_OBJECT):
            return Ruling("skipped", "a large object's data")
        if all(name in known.functions or extensions.is_call(name.lower()) for name in called):
            return Ruling("skipped", "a call of the file's own or an extension's function")
    if plain and all(type(value).__name__ == "A_Const" and hasattr(value.val, "sval") for value in values):
        return Ruling("skipped", "a message")
    return Ruling("refused", "a SELECT creates nothing")


def _qualifier(words: Any) -> list[str]:
    """The schema of a dotted name that is given as a list of strings, if there is one."""
    return told(words)[:-1][:1]
