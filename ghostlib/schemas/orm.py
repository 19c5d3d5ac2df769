"""Schema -> SQLAlchemy models: sqlacodegen reads the live throw-away schema and writes a module.

The names come from a stranger. What sqlacodegen writes is read as a tree before anybody sees it: a module that does
more than declare models is an error, not an answer.
"""

import ast
import re
import warnings
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import postgres
from ghostlib.schemas.schema import Schema

# What a file of models is made of. Calls and names are SQLAlchemy's alone.
NODES = (
    ast.Module, ast.ImportFrom, ast.Import, ast.alias, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Pass, ast.Expr, ast.Call,
    ast.keyword, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Subscript,
    ast.UnaryOp, ast.USub, ast.BinOp, ast.BitOr,
    ast.Lambda, ast.arguments, ast.Compare, ast.Eq, ast.BoolOp, ast.And,  # a join: lambda: Tags.id == t_links.c.tag_id
)  # fmt: skip
MODULES = ("typing", "datetime", "decimal", "uuid", "ipaddress", "enum")
SQLALCHEMY = ("sqlalchemy", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "sqlalchemy.sql.sqltypes")


def sqlalchemy_models(schema: Schema) -> str:
    """The source of a Python module with a declarative model (SQLAlchemy 2) for each table.

    Raises SchemaError for a schema without tables, or where the names would make more than models of it.
    """
    if not schema.tables:
        raise SchemaError("a schema without tables has no models; check it with `ghost check` first")
    with postgres.live(schema) as (connection, name):
        source = _generated(connection, name)
    require_models(source)
    return source


def _generated(connection: Any, name: str) -> str:
    from sqlacodegen.generators import DeclarativeGenerator
    from sqlalchemy import MetaData, create_engine, event
    from sqlalchemy.pool import StaticPool

    held = _Held(connection)
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: held, poolclass=StaticPool, use_native_hstore=False, pool_reset_on_return=None
    )

    @event.listens_for(engine, "first_connect")
    def _here(_: Any, __: Any) -> None:
        engine.dialect.default_schema_name = name

    try:
        with warnings.catch_warnings(), engine.connect() as link:
            warnings.simplefilter("ignore")  # a type that SQLAlchemy does not know is a NullType, and said in the source
            metadata = MetaData()
            metadata.reflect(link)
            return str(DeclarativeGenerator(metadata, link, ()).generate())
    except SchemaError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0][:120]
        raise SchemaError(f"no models can be made of these names ({type(error).__name__}: {reason})") from None


class _Held:
    """psycopg's connection without its ends: SQLAlchemy rolls back when it begins, and here the tables would go with that."""

    def __init__(self, connection: Any) -> None:
        object.__setattr__(self, "_connection", connection)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "autocommit":  # changing it inside a transaction is an error
            setattr(self._connection, name, value)

    def commit(self) -> None:
        """Nothing: the judge ends the transaction."""

    rollback = close = commit


def require_models(source: str) -> None:
    """Raises SchemaError unless the module declares classes, imports what is listed here and calls SQLAlchemy alone.

    SQLAlchemy evaluates the strings of `relationship` and `Mapped`: they must be names, so that nothing in them is called.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SchemaError(f"no models can be made of these names ({error})") from None
    called = _callable(tree)
    for node in ast.walk(tree):
        if not isinstance(node, NODES) or (isinstance(node, ast.ClassDef) and (node.decorator_list or node.keywords)):
            raise SchemaError(f"no models can be made of these names (line {getattr(node, 'lineno', '?')} would run)")
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise SchemaError(f"no models can be made of these names (line {node.lineno} reaches for {node.attr})")
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in called):
            raise SchemaError(f"no models can be made of these names (line {node.lineno} would call something else)")
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            taken = node.attr if isinstance(node, ast.Attribute) else node.id
            if isinstance(node, ast.Attribute) or taken in called:  # text = uuid.os.system, and text('...') runs that
                raise SchemaError(f"no models can be made of these names (line {node.lineno} gives {taken} another meaning)")
        if not all(re.fullmatch(r"[\w\[\]., ]*", text) for text in _evaluated(node)):
            raise SchemaError(f"no models can be made of these names (line {node.lineno} holds a text that would run)")


def _callable(tree: ast.Module) -> set[str]:
    """The names that a module of models may call: what it took from SQLAlchemy. Raises SchemaError for another import."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            whole = isinstance(node, ast.Import)
            origins = [alias.name for alias in node.names] if whole else [node.module or ""]
            strange = [origin for origin in origins if origin not in (MODULES if whole else (*MODULES, *SQLALCHEMY))]
            if strange:
                raise SchemaError(f"no models can be made of these names (they would import {strange[0]})")
            if not whole and any(alias.name.startswith("create_") or alias.asname for alias in node.names):
                raise SchemaError("no models can be made of these names (they would import what is no part of a model)")
            found |= {alias.name for alias in node.names} if origins[0] in SQLALCHEMY else set()
    return found


def _evaluated(node: ast.AST) -> list[str]:
    """The strings below a node that SQLAlchemy reads as Python."""
    whole = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "relationship"
    if whole or isinstance(node, ast.AnnAssign):
        below = node.annotation if isinstance(node, ast.AnnAssign) else node
        return [leaf.value for leaf in ast.walk(below) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)]
    return []
