"""Schema -> SQLAlchemy models: sqlacodegen reads the live throw-away schema and writes a module.

The names come from a stranger. What sqlacodegen writes is read as a tree before anybody sees it: a module that does
more than declare models is an error, not an answer.
"""

import ast
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
MODULES = ("sqlalchemy", "typing", "datetime", "decimal", "uuid", "ipaddress", "enum")


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
    """Raises SchemaError unless the module imports from MODULES, declares classes and assigns calls of what it imported."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SchemaError(f"no models can be made of these names ({error})") from None
    imported = {"str", "int", "float", "bool", "bytes", "list", "dict", "Base", "text"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            origin = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
            if origin.split(".")[0] not in MODULES:
                raise SchemaError(f"no models can be made of these names (they would import {origin})")
            imported |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    declared = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if not isinstance(node, NODES):
            raise SchemaError(f"no models can be made of these names (line {getattr(node, 'lineno', '?')} would run)")
        called = node.func if isinstance(node, ast.Call) else None
        while isinstance(called, ast.Attribute):
            called = called.value
        if called is not None and not (isinstance(called, ast.Name) and called.id in imported | declared):
            raise SchemaError(f"no models can be made of these names (line {node.lineno} would call something else)")
