"""What a file has made so far, by name: its tables and their columns' types, views, types, functions, operators, schemas."""

from dataclasses import dataclass, field
from typing import Any

from ghostlib.schemas.trees import last, told

OWN = "ghost_" + "0" * 12  # stands for the throw-away schema's name, of the same length, until that is known
SCHEMAS = 100  # of one file


@dataclass(frozen=True)
class ColumnType:
    """The last word of a column's type; whether it is an array; what kind of extension's type stood there, if one."""

    name: str
    array: bool = False
    alike: bool = True  # False where a stand-in does not read or compare like the extension's type


@dataclass
class Inventory:
    """Names are (schema, name) pairs for what tables can be confused with, and plain names for the rest."""

    tables: dict[tuple[str, str], dict[str, ColumnType]] = field(default_factory=dict)
    views: set[tuple[str, str]] = field(default_factory=set)  # and foreign and temporary tables
    others: set[tuple[str, str]] = field(default_factory=set)  # sequences, indexes
    types: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)  # types that the file has and the judge does not create
    functions: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)  # constraints and indexes
    schemas: dict[str, int] = field(default_factory=dict)  # every schema but the main one, numbered from 1
    path: str = "public"  # where a bare name is created
    sent: str = "public"  # and where the server has been told so
    has_extensions: bool = False  # whether the file asks for one

    def key(self, name: Any) -> tuple[str, str]:
        """The pair for a RangeVar or for a dotted name as a list of words."""
        if hasattr(name, "relname"):
            return (name.schemaname or self.path, name.relname)
        told = [str(word) for word in name]
        return (told[-2] if len(told) > 1 else self.path, told[-1])

    def columns(self, name: Any) -> dict[str, ColumnType]:
        """A table's columns with their types as far as they are known."""
        key = self.key(name)
        if key in self.tables:
            return self.tables[key]
        return next((columns for (_, table), columns in self.tables.items() if table == key[1]), {})

    def has_table(self, name: Any) -> bool:
        """Whether the file has made a table of that name."""
        return self._has(self.tables, self.key(name))

    def has_view(self, name: Any) -> bool:
        """Whether the name is a view's, or a foreign or temporary table's, and no table's."""
        return self._has(self.views, self.key(name)) and self.key(name) not in self.tables

    def has_other(self, name: Any) -> bool:
        """Whether the file has made a sequence or an index of that name."""
        return self._has(self.others, self.key(name))

    def own(self, schema: str) -> str:
        """The throw-away schema that stands for one of the file: "" for the main one, which needs no name."""
        if schema == "public":
            return ""
        number = self.schemas.setdefault(schema, len(self.schemas) + 1)
        return f"{OWN}_{number}"

    def skips(self, node: Any) -> None:
        """Note what a statement that the judge skips would have made, for what hangs on it."""
        name = type(node).__name__
        if name == "CreateFunctionStmt":
            self.functions.add(last(node.funcname))
        elif name == "CreateExtensionStmt":
            self.has_extensions = True
        elif name == "DefineStmt":
            kinds = {"OPERATOR": self.operators, "AGGREGATE": self.functions, "TYPE": self.lacking}
            kinds.get(node.kind.name.removeprefix("OBJECT_"), set()).add(last(node.defnames))
        elif name == "CreateOpClassStmt":
            self.classes.add(last(node.opclassname))
        elif name in ("ViewStmt", "CreateTableAsStmt", "CreateForeignTableStmt", "CreateStmt"):
            holder = {"CreateTableAsStmt": "into", "CreateForeignTableStmt": "base"}.get(name)
            holder = getattr(node, holder) if holder else node
            relation = next(getattr(holder, slot) for slot in ("view", "rel", "relation") if hasattr(holder, slot))
            self.views.add(self.key(relation))
            self.lacking.add(relation.relname)

    def creates(self, node: Any, columns: dict[str, ColumnType]) -> None:
        """Note what a statement of the created class makes, renames, moves or drops."""
        name = type(node).__name__
        if name == "CreateStmt":
            self.tables[self.key(node.relation)] = columns
        elif name == "CreateSeqStmt":
            self.others.add(self.key(node.sequence))
        elif name == "IndexStmt" and node.idxname:
            self.others.add((self.key(node.relation)[0], str(node.idxname)))
        elif name in ("CreateEnumStmt", "CreateRangeStmt"):
            self.types.add(last(node.typeName))
        elif name == "CreateDomainStmt":
            self.types.add(last(node.domainname))
        elif name == "CompositeTypeStmt":
            self.types.add(str(node.typevar.relname))
        elif name == "RenameStmt" and node.relation is not None:
            self._renames(node)
        elif name == "RenameStmt" and node.renameType.name in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
            self.types.add(str(node.newname))
        elif name == "AlterObjectSchemaStmt" and node.relation is not None:
            self._moves(self.key(node.relation), (str(node.newschema), str(node.relation.relname)))
        elif name == "DropStmt":
            for words in node.objects:
                key = self.key(told(words.names if hasattr(words, "names") else words))
                self.tables.pop(key, None)
                self.others.discard(key)
                self.types.discard(key[1])

    def _renames(self, node: Any) -> None:
        key = self.key(node.relation)
        if node.renameType.name == "OBJECT_COLUMN" and node.subname in self.columns(node.relation):
            columns = self.columns(node.relation)
            columns[str(node.newname)] = columns.pop(str(node.subname))
        elif node.renameType.name in ("OBJECT_TABLE", "OBJECT_SEQUENCE", "OBJECT_INDEX"):
            self._moves(key, (key[0], str(node.newname)))

    def _moves(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        if old in self.tables:
            self.tables[new] = self.tables.pop(old)
        elif old in self.others:
            self.others.discard(old)
            self.others.add(new)

    def _has(self, names: Any, key: tuple[str, str]) -> bool:
        """Looked up where it says; a bare name is also found in any other schema of the file, as the judge's path does."""
        return key in names or (key[0] == self.path and any(table == key[1] for _, table in names))
