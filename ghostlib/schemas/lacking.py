"""What a statement needs and a plain server lacks: types, functions, operators and their classes, by what the file has made."""

from typing import Any

from ghostlib.schemas import calls, extensions, rules
from ghostlib.schemas.inventory import ColumnType, Inventory
from ghostlib.schemas.trees import below, last, told


def lacks(expression: Any, known: Inventory, columns: dict[str, ColumnType]) -> str:
    """What an expression needs and the server lacks, or ""."""
    for part, _ in below(expression):
        kind = type(part).__name__
        if kind == "FuncCall":
            called = str(part.funcname[-1].sval)
            qualified = len(part.funcname) > 1 and part.funcname[0].sval != "pg_catalog"
            brought = called in known.functions or extensions.is_function(called.lower())
            if brought and (qualified or not _may_call(part)):
                return f"function {called}()"
        elif kind == "A_Expr":
            sign = str(part.name[-1].sval)
            qualified = len(part.name) > 1 and part.name[0].sval != "pg_catalog"
            if sign in known.operators or (qualified and (known.has_extensions or known.operators)):
                return f"operator {sign}"
        elif kind == "TypeCast" and stand_in(part.typeName, known, cast=True) and not alike(part.typeName):
            return f"type {last(part.typeName.names)}"
        elif kind == "ColumnRef" and hasattr(part.fields[-1], "sval"):
            column = columns.get(str(part.fields[-1].sval))
            if column is not None and not column.alike and type(expression).__name__ != "ColumnRef":
                return f"the type of {part.fields[-1].sval}"
    return ""


def column_type(kind: Any, known: Inventory) -> ColumnType:
    """What the inventory keeps of a column's type."""
    if kind is None:
        return ColumnType("")
    named = last(kind.names).lower()
    instead = stand_in(kind, known)
    if instead:
        return ColumnType(instead.split("[")[0], bool(kind.arrayBounds) or instead.endswith("]"), alike(kind))
    return ColumnType(named, bool(kind.arrayBounds))


def columns_of(node: Any, known: Inventory) -> dict[str, ColumnType]:
    """The columns of a CREATE TABLE, those of its parents and of what it is like included."""
    found: dict[str, ColumnType] = {}
    for parent in node.inhRelations or ():
        found |= known.columns(parent)
    for element in node.tableElts or ():
        if type(element).__name__ == "ColumnDef" and element.typeName is not None:
            found[str(element.colname)] = column_type(element.typeName, known)
        elif type(element).__name__ == "TableLikeClause":
            found |= known.columns(element.relation)
    return found


def stand_in(kind: Any, known: Inventory, *, cast: bool = False) -> str:
    """What stands for a type that the server lacks, or "" for every other type.

    A column of regclass and its like is one too: its default and its checks would ask the server what there is.
    """
    named = last(kind.names)
    if rules.looks_up(kind) and not cast:
        return "text"
    if named in known.types or told(kind.names)[:1] == ["pg_catalog"] and named not in ("abstime", "reltime"):
        return ""
    if named in known.lacking:
        return "text"
    return extensions.TYPES.get(named, "")


def alike(kind: Any) -> bool:
    """Whether an extension's type reads and compares like its stand-in."""
    return last(kind.names) in extensions.ALIKE


def operator_class(element: Any, known: Inventory) -> str:
    """The operator class of an index's column that the server lacks, or ""."""
    named = last(element.opclass) if element.opclass else ""
    own = named and (named in known.classes or extensions.is_class(named))
    return f"operator class {named}" if own else ""


def unindexed(element: Any, method: str, columns: dict[str, ColumnType]) -> str:
    """Why a column cannot stand in an index of that method on a plain server, as far as its type is known."""
    if method in ("btree", "hash"):
        return ""
    if element.name is None:
        cast = type(element.expr).__name__ == "TypeCast" and last(element.expr.typeName.names).lower()
        scalar = cast in extensions.SCALARS and not element.expr.typeName.arrayBounds
        return f"an extension for {method} over {cast}" if scalar and method in ("gist", "gin") else ""
    column = columns.get(str(element.name))
    if column is None or element.opclass:
        return ""
    if not column.alike:
        return f"the type of {element.name}"
    text = method == "gist" and column.name in ("inet", "cidr")
    plain = column.name in extensions.SCALARS and not column.array and not text
    return f"an extension for {method} over {column.name}" if plain and method in ("gist", "gin") else ""


def _may_call(call: Any) -> bool:
    return not calls.why_not(call, allowed=calls.ALLOWED, bound=False, rowless=False)
