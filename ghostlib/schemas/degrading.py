"""What a plain server lacks of a statement gives way: a type gets a stand-in, a part that cannot be kept is left out.

The table, its columns and keys stay. What gives way is only what the file itself brings and the judge does not create
(its functions, operators, base types) or what a well-known extension brings; a misspelt name stays an error.
"""

from dataclasses import dataclass, field
from typing import Any

from ghostlib.schemas import extensions
from ghostlib.schemas.inventory import ColumnType, Inventory
from ghostlib.schemas.lacking import alike, column_type, columns_of, lacks, operator_class, stand_in, unindexed
from ghostlib.schemas.trees import last
from ghostlib.schemas.words import Edit, Words

# Parts of ALTER TABLE that say how, not what, a table holds. They are left out: no meaning is lost, nothing can fail on them.
HOW = frozenset(
    "AT_" + word
    for word in """ChangeOwner ClusterOn DropCluster SetLogged SetUnLogged SetTableSpace SetAccessMethod SetRelOptions
    ResetRelOptions ReplaceRelOptions EnableTrig EnableAlwaysTrig EnableReplicaTrig DisableTrig EnableTrigAll DisableTrigAll
    EnableTrigUser DisableTrigUser EnableRule EnableAlwaysRule EnableReplicaRule DisableRule ReplicaIdentity
    EnableRowSecurity DisableRowSecurity ForceRowSecurity NoForceRowSecurity SetStatistics SetStorage SetCompression
    SetOptions ResetOptions GenericOptions ValidateConstraint DropOids""".split()
)


@dataclass
class Draft:
    """One statement on its way to the server: its words, what changes in it, what is said about that."""

    words: Words
    known: Inventory
    nodes: list[tuple[Any, bool]]
    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""  # why nothing of it is left

    def cut(self, start: int, behind: int, note: str, instead: str = "") -> None:
        """Leave out the characters from word `start` up to word `behind`."""
        self.edits.append((self.words.place(start), self.words.end(behind - 1), instead))
        if note:
            self.notes.append(note)


def degrade(node: Any, draft: Draft) -> None:
    """Collect in `draft` what gives way in a parsed statement of the created class."""
    name = type(node).__name__
    casts = {id(part.typeName) for part, _ in draft.nodes if type(part).__name__ == "TypeCast"}
    for part, _ in draft.nodes:
        if type(part).__name__ == "TypeName" and part.names:
            _type(part, draft, cast=id(part) in casts)
        elif type(part).__name__ == "CollateClause":
            _collation(part, draft)
    if name == "CreateStmt":
        _table(node, draft)
    elif name == "AlterTableStmt":
        _alteration(node, draft)
    elif name == "IndexStmt":
        _index(node, draft)
    elif name == "CreateDomainStmt":
        _domain(node, draft)
    elif name == "AlterDomainStmt" and type(node.def_).__name__ == "Constraint" and lacks(node.def_.raw_expr, draft.known, {}):
        draft.skipped = _left_out(node.def_, draft)
    elif name == "CreateRangeStmt":
        _range(node, draft)


def _type(kind: Any, draft: Draft, *, cast: bool) -> None:
    instead = stand_in(kind, draft.known, cast=cast)
    if not instead or kind.location is None or kind.location < 0:
        return
    words = draft.words
    first = words.at(kind.location)
    first += words.is_at(first, "SETOF")
    behind = words.behind_name(first)
    if words.is_at(behind, "ASCII_40"):
        behind = words.closing(behind) + 1
    draft.cut(first, behind, f"type {last(kind.names)}; {instead} in its place", instead)


def _collation(clause: Any, draft: Draft) -> None:
    named = last(clause.collname)
    if named in extensions.COLLATIONS:
        return
    first = draft.words.at(clause.location)
    draft.cut(first, draft.words.behind_name(first + 1), f"collation {named}")


def _table(node: Any, draft: Draft) -> None:
    words, columns = draft.words, columns_of(node, draft.known)
    for element in node.tableElts or ():
        if type(element).__name__ == "ColumnDef":
            _column(element, draft, columns)
    if any(type(element).__name__ == "Constraint" for element in node.tableElts or ()):
        opening = next(n for n, word in enumerate(words.all) if word.name == "ASCII_40")
        items = words.items(opening + 1)
        gone: set[int] = set()
        for number, element in enumerate(node.tableElts):
            if type(element).__name__ == "Constraint" and number < len(items):
                _constraint(element, draft, columns, items[number], gone, number)
        if len(gone) == len(items):
            draft.cut(items[0][0], items[-1][1], "")
        elif gone:
            draft.edits += words.without(items, gone)
    _storage(node, draft)


def _column(element: Any, draft: Draft, columns: dict[str, ColumnType]) -> None:
    """Leave out a default, a check or a generated value that cannot be kept; the column stays."""
    rules = [rule for rule in element.constraints or () if rule.location is not None and rule.location >= 0]
    stops = [rule.location for rule in rules] + ([element.collClause.location] if element.collClause is not None else [])
    own = columns.get(str(element.colname))
    for rule in rules:
        kind = rule.contype.name
        if kind not in ("CONSTR_DEFAULT", "CONSTR_CHECK", "CONSTR_GENERATED"):
            _tablespace(rule, draft, draft.words.at(rule.location))
            continue
        reason = lacks(rule.raw_expr, draft.known, columns)
        if (
            kind == "CONSTR_DEFAULT"
            and own is not None
            and not own.alike
            and type(rule.raw_expr).__name__ != "SQLValueFunction"
        ):
            reason = reason or "the type of the column"
        if reason:
            first = draft.words.at(rule.location)
            part = {"CONSTR_DEFAULT": "default", "CONSTR_CHECK": "check"}.get(kind, "generated value")
            draft.cut(first, draft.words.behind_item(first, stops), f"the {part} of {element.colname}; it needs {reason}")
            draft.known.left_out.add(str(rule.conname))


def _constraint(
    rule: Any, draft: Draft, columns: dict[str, ColumnType], item: tuple[int, int], gone: set[int], number: int
) -> None:
    """Mark a constraint of a table as gone where it cannot be kept, and free a temporal key of its last word."""
    kind, words = rule.contype.name, draft.words
    reason = ""
    if kind == "CONSTR_CHECK":
        reason = lacks(rule.raw_expr, draft.known, columns)
    elif kind == "CONSTR_EXCLUSION":
        reason = _exclusion(rule, draft, columns)
    if reason:
        draft.notes.append(f"the {'check' if kind == 'CONSTR_CHECK' else 'exclusion'} {rule.conname or ''}; it needs {reason}")
        draft.known.left_out.add(str(rule.conname))
        gone.add(number)
        return
    _tablespace(rule, draft, item[0])
    if rule.without_overlaps or rule.fk_with_period or rule.pk_with_period:
        for here in range(item[0], item[1]):
            if words.is_at(here, "WITHOUT") and words.is_at(here + 1, "OVERLAPS"):
                draft.cut(here, here + 2, "WITHOUT OVERLAPS; the key is read as a plain one")
            elif words.is_at(here, "PERIOD") and (words.is_at(here - 1, "ASCII_44")):
                draft.cut(here, here + 1, "PERIOD; the key is read as a plain one")


def _exclusion(rule: Any, draft: Draft, columns: dict[str, ColumnType]) -> str:
    method = str(rule.access_method or "btree")
    if method not in extensions.METHODS:
        return f"access method {method}"
    for element, operator in rule.exclusions:
        reason = lacks(element.expr, draft.known, columns) if element.expr is not None else ""
        reason = reason or operator_class(element, draft.known) or unindexed(element, method, columns)
        if not reason and last(operator) in draft.known.operators:
            reason = f"operator {last(operator)}"
        if reason:
            return reason
    return lacks(rule.where_clause, draft.known, columns) if rule.where_clause is not None else ""


def _alteration(node: Any, draft: Draft) -> None:
    words, known = draft.words, draft.known
    columns = known.columns(node.relation)
    first = words.behind_name(words.at(node.relation.location))
    first += words.is_at(first, "ASCII_42")
    if words.is_at(first, "ASCII_41"):  # ALTER TABLE ONLY (name)
        first += 1
    items, gone, commands = words.items(first), set(), node.cmds or ()
    for number, command in enumerate(commands[: len(items)]):
        kind, what = command.subtype.name, command.def_
        if kind in HOW:
            gone.add(number)
            draft.notes.append("an owner" if kind == "AT_ChangeOwner" else "how a table is kept")
        elif kind == "AT_AddColumn":
            columns[str(what.colname)] = column_type(what.typeName, known)
            _column(what, draft, columns)
        elif kind == "AT_AddConstraint":
            _constraint(what, draft, columns, items[number], gone, number)
        elif kind in ("AT_ColumnDefault", "AT_SetExpression") and what is not None:
            own = columns.get(str(command.name))
            reason = lacks(what, draft.known, columns) or ("" if own is None or own.alike else "the type of the column")
            if reason:
                gone.add(number)
                draft.notes.append(f"the default of {command.name}; it needs {reason}")
        elif kind == "AT_AlterColumnType":
            columns[str(command.name)] = column_type(what.typeName, known)
            if what.raw_default is not None and lacks(what.raw_default, draft.known, columns):
                here = words.find("USING", items[number][0])
                draft.cut(here, items[number][1], "the USING of a change of type")
        elif _names_left_out(command, known):
            gone.add(number)
            draft.notes.append("a change to what was left out")
    if gone and len(gone) == len(items):
        draft.skipped = draft.notes.pop()
    elif gone:
        draft.edits += words.without(items, gone)


def _names_left_out(command: Any, known: Inventory) -> bool:
    partition = getattr(command.def_, "name", None) if type(command.def_).__name__ == "PartitionCmd" else None
    named = {str(command.name)} if command.subtype.name in ("AT_DropConstraint", "AT_AlterConstraint") else set()
    return bool((named | ({partition.relname} if hasattr(partition, "relname") else set())) & known.left_out)


def _index(node: Any, draft: Draft) -> None:
    """An index that cannot be kept is left out; one whose method the server cannot give is a btree over the same columns."""
    words, columns = draft.words, draft.known.columns(node.relation)
    reason = next((r for e in node.indexParams if e.expr is not None and (r := lacks(e.expr, draft.known, columns))), "")
    if reason:
        draft.known.left_out.add(str(node.idxname))
        draft.skipped = f"index {node.idxname or ''}; it needs {reason}"
        return
    _storage(node, draft)
    if node.concurrent:
        here = words.find("CONCURRENTLY")
        draft.cut(here, here + 1, "")
    if node.whereClause is not None and (reason := lacks(node.whereClause, draft.known, columns)):
        _without_condition(node, draft, columns, reason)
    _method(node, draft, columns)
    for element in node.indexParams:
        if element.collation and last(element.collation) not in extensions.COLLATIONS:
            here = next(n for n, _ in enumerate(words.all) if words.is_at(n, "COLLATE"))
            draft.cut(here, words.behind_name(here + 1), f"collation {last(element.collation)}")


def _without_condition(node: Any, draft: Draft, columns: dict[str, ColumnType], reason: str) -> None:
    """An index over some rows stays one under another condition, for a unique one must not turn into a key."""
    named = next((str(element.name) for element in node.indexParams if element.name), next(iter(columns), ""))
    note = f"the condition of index {node.idxname or ''}; it needs {reason}"
    if not named:
        draft.skipped = note
        return
    quoted = '"' + named.replace('"', '""') + '"'
    draft.cut(draft.words.find("WHERE") + 1, len(draft.words.all), note, f"{quoted} IS NOT NULL")


def _method(node: Any, draft: Draft, columns: dict[str, ColumnType]) -> None:
    words, method = draft.words, str(node.accessMethod or "btree")
    reason = "" if method in extensions.METHODS else f"access method {method}"
    reasons = (operator_class(e, draft.known) or unindexed(e, method, columns) for e in node.indexParams)
    reason = reason or next(filter(None, reasons), "")
    if not reason:
        return
    kinds = [columns.get(str(element.name)) for element in node.indexParams if element.name]
    if any(kind is not None and kind.name in extensions.UNSORTED and not kind.array for kind in kinds):
        draft.known.left_out.add(str(node.idxname))
        draft.skipped = f"index {node.idxname or ''}; it needs {reason}"
        return
    draft.notes.append(f"{reason}; index {node.idxname or ''} is read as a btree")
    using = words.find("USING")
    if using >= 0:
        draft.cut(using + 1, using + 2, "", "btree")
    opening = next(n for n in range(max(using, words.find("ON")), len(words.all)) if words.is_at(n, "ASCII_40"))
    for element, (first, behind) in zip(node.indexParams, words.items(opening + 1), strict=False):
        if element.opclass:
            _without_class(element, draft, first, behind)
    options = words.find("WITH", opening)
    if options >= 0:
        draft.cut(options, words.closing(options + 1) + 1, "")


def _without_class(element: Any, draft: Draft, first: int, behind: int) -> None:
    """Cut the operator class (and its parameters) behind an index's column."""
    words = draft.words
    here = words.closing(first) + 1 if words.is_at(first, "ASCII_40") else words.behind_name(first)
    if not words.is_at(first, "ASCII_40") and words.is_at(here, "ASCII_40"):
        here = words.closing(here) + 1  # a function's call
    if words.is_at(here, "COLLATE"):
        here = words.behind_name(here + 1)
    end = words.behind_name(here)
    if words.is_at(end, "ASCII_40"):
        end = words.closing(end) + 1
    draft.cut(here, min(end, behind), "")


def _storage(node: Any, draft: Draft) -> None:
    """A tablespace, a table's access method, and WITH (oids): where a table lies, not what it holds."""
    words = draft.words
    table = type(node).__name__ == "CreateStmt"
    if node.tablespacename if table else node.tableSpace:
        here = words.find("TABLESPACE")
        draft.cut(here, here + 2, "a tablespace")
    if table and node.accessMethod and node.accessMethod != "heap":
        here = words.find("USING")
        draft.cut(here, here + 2, f"access method {node.accessMethod}")
    if table and any(option.defname == "oids" for option in node.options or ()):
        here = words.find("WITH")
        if here >= 0:
            draft.cut(here, words.closing(here + 1) + 1, "WITH (oids)")


def _tablespace(rule: Any, draft: Draft, first: int) -> None:
    if rule.indexspace:
        here = draft.words.find("INDEX", first)
        if draft.words.is_at(here + 1, "TABLESPACE"):
            draft.cut(here - 1, here + 3, "a tablespace")


def _domain(node: Any, draft: Draft) -> None:
    rules = [rule for rule in node.constraints or () if rule.location is not None and rule.location >= 0]
    kept = not stand_in(node.typeName, draft.known) or alike(node.typeName)
    for rule in rules:
        kind = rule.contype.name
        reason = lacks(rule.raw_expr, draft.known, {}) if rule.raw_expr is not None else ""
        if not kept and kind in ("CONSTR_DEFAULT", "CONSTR_CHECK"):
            reason = reason or "the type of the domain"
        if reason:
            first = draft.words.at(rule.location)
            draft.cut(first, draft.words.behind_item(first, [one.location for one in rules]), _left_out(rule, draft, reason))


def _left_out(rule: Any, draft: Draft, reason: str = "") -> str:
    draft.known.left_out.add(str(rule.conname))
    reason = reason or lacks(rule.raw_expr, draft.known, {})
    return f"the {'default' if rule.contype.name == 'CONSTR_DEFAULT' else 'check'} of a domain; it needs {reason}"


def _range(node: Any, draft: Draft) -> None:
    """A range's own functions and operator class: how it compares, not what it holds."""
    words = draft.words
    opening = next(n for n, word in enumerate(words.all) if word.name == "ASCII_40")
    items = words.items(opening + 1)
    gone = {n for n, option in enumerate(node.params) if option.defname in ("canonical", "subtype_diff", "subtype_opclass")}
    if gone and len(gone) < len(items):
        draft.edits += words.without(items, gone)
        draft.notes.append("functions of a range type")
