"""The schema that a screen's sections imply, by the rules of docs/reading_a_screen.md."""

from collections.abc import Iterable

from ghostlib.corpus.screens.plan import Field, Section
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

KEY = Column("id", "bigint", not_null=True, identity=True)


class _Draft:
    """What is known of one table while the sections are read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: dict[str, Column] = {}
        self.keys: dict[str, str] = {}
        self.unique: set[str] = set()
        self.checks: dict[str, Check] = {}
        self.indexed: dict[str, None] = {}
        self.joins = False  # a table of nothing but two keys, which together are its key

    def add(self, name: str, kind: str, not_null: bool) -> None:
        known = self.columns.get(name)
        self.columns[name] = Column(name, kind, not_null=not_null or (known is not None and known.not_null))

    def reference(self, name: str, table: str, not_null: bool) -> None:
        self.add(name, "bigint", not_null)
        self.keys[name] = table

    def table(self) -> Table:
        if self.joins:
            return self._join()
        covered = {*self.keys, *self.unique}
        return Table(
            name=self.name,
            columns=(KEY, *self.columns.values()),
            primary_key=("id",),
            foreign_keys=tuple(ForeignKey((name,), table, ("id",)) for name, table in self.keys.items()),
            unique=tuple((name,) for name in self.columns if name in self.unique),
            checks=tuple(self.checks[name] for name in self.columns if name in self.checks),
            indexes=tuple(Index((name,)) for name in self.keys)
            + tuple(Index((name,)) for name in self.indexed if name not in covered),
        )

    def _join(self) -> Table:
        """The primary key covers searches by its first column, so only the second has an index of its own."""
        both = tuple(self.columns)
        return Table(
            name=self.name,
            columns=tuple(self.columns.values()),
            primary_key=both,
            foreign_keys=tuple(ForeignKey((name,), table, ("id",)) for name, table in self.keys.items()),
            indexes=(Index(both[1:]),),
        )


def schema(sections: Iterable[Section], *, marks: str = "none") -> Schema:
    """The tables that the sections show, parents first; `marks` is ScreenPlan.marks."""
    drafts: dict[str, _Draft] = {}
    for section in sections:
        draft = drafts.setdefault(section.table, _Draft(section.table))
        if section.parent:
            draft.reference(key_name(section.parent), section.parent, not_null=True)
        for field in section.fields:
            _read(field, section, drafts, must=field.required and marks != "none" and section.layout == "fields")
        for name in (*section.searched, *filter(None, [section.sorted_by])):
            draft.indexed[name] = None
    return Schema(tuple(draft.table() for draft in _parents_first(drafts)))


def key_name(table: str) -> str:
    """The column that points at `table`: `companies` is `company_id`."""
    return f"{singular(table)}_id"


def singular(table: str) -> str:
    """The English singular of a table's name, as far as the domains need it."""
    if table.endswith("ies"):
        return table[:-3] + "y"
    if table.endswith(("sses", "ches", "xes")):
        return table[:-2]
    return table.removesuffix("s")


def join_name(table: str, other: str) -> str:
    """The table that joins a page's table with the records that its chips name: `courses`, `students`: `course_students`."""
    return f"{singular(table)}_{other}"


def _read(field: Field, section: Section, drafts: dict[str, _Draft], *, must: bool) -> None:
    draft = drafts[field.table]
    if field.target:
        table, naming = field.target
        target = drafts.setdefault(table, _Draft(table))
        target.add(naming, "text", not_null=True)
        if field.identifies:
            target.unique.add(naming)
        if field.kind == "many":
            _join(field.table, table, drafts)
        else:
            draft.reference(field.column, table, must)
        return
    draft.add(field.column, field.type, must or field.names_record or field.kind == "bool")
    if field.identifies:
        draft.unique.add(field.column)
    if field.options:
        values = tuple(stored(option) for option in field.options)
        listed = ", ".join(f"'{value}'" for value in values)
        draft.checks[field.column] = Check(f"{field.column} IN ({listed})", (field.column,), values)
    elif field.kind == "stars" or (field.ends and section.layout in ("fields", "settings")):
        low, high = field.ends or ("1", "5")
        draft.checks[field.column] = Check(f"{field.column} BETWEEN {low} AND {high}", (field.column,))


def _join(table: str, other: str, drafts: dict[str, _Draft]) -> None:
    join = drafts.setdefault(join_name(table, other), _Draft(join_name(table, other)))
    join.joins = True
    for side in (table, other):
        join.reference(key_name(side), side, not_null=True)


def stored(option: str) -> str:
    """How the database stores an option that is shown: `In progress` is `in_progress`."""
    return option.lower().replace(" ", "_")


def _parents_first(drafts: dict[str, _Draft]) -> list[_Draft]:
    done: dict[str, _Draft] = {}

    def place(draft: _Draft, below: tuple[str, ...] = ()) -> None:
        if draft.name not in done:
            for table in draft.keys.values():
                if table in drafts and table not in (*below, draft.name):  # a table may point at itself, or in a circle
                    place(drafts[table], (*below, draft.name))
            done.setdefault(draft.name, draft)

    for draft in drafts.values():
        place(draft)
    return list(done.values())
