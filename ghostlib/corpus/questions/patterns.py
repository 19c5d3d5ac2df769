"""How people ask a database: patterns of questions at four hardnesses, each a question in words and its query.

The queries are written the way Spider's are (T1, T2 for the tables of a join), so that exact set match is defined for all.
"""

import re
from collections.abc import Callable

from ghostlib.corpus.questions.subject import NUMBERS, ORDERED, WORDS, Subject, filtered, fit, quoted
from ghostlib.corpus.texts.speech import article, plain

BIGGEST = {"max": ("highest", "largest"), "min": ("lowest", "smallest"), "avg": ("average", "mean"), "sum": ("total",)}
Asked = tuple[str, str]


def _counted(of: Subject) -> Asked:
    return of.said(f"How many {of.many} are there?", f"Count the {of.many}."), f"SELECT count(*) FROM {of.table}"


def _listed(of: Subject) -> Asked:
    column = of.column("email", "phone", "city", "enum", "code", "date", *NUMBERS)
    told = of.said(
        f"List the {plain(column.name)} of all {of.many}.", f"What is the {plain(column.name)} of every one of the {of.many}?"
    )
    return told, f"SELECT {column.name} FROM {of.table}"


def _extreme(of: Subject) -> Asked:
    column = of.column(*ORDERED, "stars")
    word = of.rng.choice(tuple(BIGGEST))
    told = f"What is the {of.rng.choice(BIGGEST[word])} {plain(column.name)} of all {of.many}?"
    return told, f"SELECT {word}({column.name}) FROM {of.table}"


def _found(of: Subject) -> Asked:
    told, condition = filtered(of)
    start = of.said(
        f"Show the {plain(of.name)} of the {of.many} {told}.", f"Which {of.many} {told} are there? Give their {plain(of.name)}."
    )
    return start, f"SELECT {of.name} FROM {of.table} WHERE {condition}"


def _how_many(of: Subject) -> Asked:
    told, condition = filtered(of)
    return f"How many {of.many} {told} are there?", f"SELECT count(*) FROM {of.table} WHERE {condition}"


def _kinds(of: Subject) -> Asked:
    column = of.column("enum", *WORDS)
    told = of.said(f"How many different values of {plain(column.name)} do the {of.many} have?",
                   f"In how many ways does the {plain(column.name)} of the {of.many} differ?")  # fmt: skip
    return told, f"SELECT count(DISTINCT {column.name}) FROM {of.table}"


def _sorted_names(of: Subject) -> Asked:
    column = of.column(*ORDERED, "date")
    way, word = of.rng.choice((("ASC", "lowest"), ("DESC", "highest")))
    word = {"ASC": "earliest", "DESC": "latest"}[way] if column.kind == "date" else word
    told = f"List the {plain(of.name)} of all {of.many}, the one with the {word} {plain(column.name)} first."
    return told, f"SELECT {of.name} FROM {of.table} ORDER BY {column.name} {way}"


def _flagged(of: Subject) -> Asked:
    column = of.column("bool")
    wanted = of.rng.choice((1, 0))
    begin, _, rest = column.name.partition("_")
    words = rest.replace("_", " ")
    if begin in ("is", "are"):
        told = f"How many of the {of.many} are {'' if wanted else 'not '}{words}?"
    elif begin in ("has", "have"):
        told = f"How many of the {of.many} have {'a ' if wanted else 'no '}{words}?"
    else:
        told = f'For how many of the {of.many} does "{plain(column.name)}" hold{"" if wanted else " not"}?'
    return told, f"SELECT count(*) FROM {of.table} WHERE {column.name} = {wanted}"


def _by_kind(of: Subject) -> Asked:
    column = of.column("enum", *WORDS)
    told = of.said(
        f"How many {of.many} are there for each {plain(column.name)}?", f"Count the {of.many} by {plain(column.name)}."
    )
    return told, f"SELECT {column.name} , count(*) FROM {of.table} GROUP BY {column.name}"


def _mean_by_kind(of: Subject) -> Asked:
    column, number = of.column("enum", *WORDS), of.column(*ORDERED)
    word = of.rng.choice(tuple(BIGGEST))
    told = f"What is the {of.rng.choice(BIGGEST[word])} {plain(number.name)} of the {of.many} for each {plain(column.name)}?"
    return told, f"SELECT {column.name} , {word}({number.name}) FROM {of.table} GROUP BY {column.name}"


def _top(of: Subject) -> Asked:
    column, most = of.column(*ORDERED), of.rng.choice((1, 3, 5))
    way, word = of.rng.choice((("DESC", "highest"), ("ASC", "lowest")))
    start = f"Which of the {of.many} has" if most == 1 else f"Which {most} of the {of.many} have"
    told = f"{start} the {word} {plain(column.name)}? Give the {plain(of.name)}."
    return told, f"SELECT {of.name} FROM {of.table} ORDER BY {column.name} {way} LIMIT {most}"


def _two_columns(of: Subject) -> Asked:
    told, condition = filtered(of)
    column = of.column("email", "phone", "city", "date", "enum", *NUMBERS)
    start = f"Give the {plain(of.name)} and the {plain(column.name)} of the {of.many} {told}."
    return start, f"SELECT {of.name} , {column.name} FROM {of.table} WHERE {condition}"


def _two_conditions(of: Subject) -> Asked:
    told, one = filtered(of)
    and_told, other = filtered(of, without=(one.split()[0],))
    word = of.said("and", "or")
    start = f"Which {of.many} are there {told} {word} {and_told}? Show the {plain(of.name)}."
    return start, f"SELECT {of.name} FROM {of.table} WHERE {one} {word.upper()} {other}"


def _pairs(of: Subject) -> Asked:
    key, above = of.parent()
    role = plain(key.name)
    column = of.name if of.entity.naming else of.column("date", "time", *NUMBERS).name
    told = f"Show the {plain(column)} of each of the {of.many} and the {plain(above.name)} of the {role}."
    return told, (
        f"SELECT T1.{column} , T2.{above.name} FROM {of.table} AS T1 JOIN {above.table} AS T2 ON T1.{key.name} = T2.id"
    )


def _of_parent(of: Subject) -> Asked:
    key, above = of.parent(named=False)
    told, condition = filtered(above, alias="T2.")
    start = f"Give the {plain(of.name)} of the {of.many} whose {plain(key.name)} is one of the {above.many} {told}."
    return start, (
        f"SELECT T1.{of.name} FROM {of.table} AS T1 JOIN {above.table} AS T2 ON T1.{key.name} = T2.id WHERE {condition}"
    )


def _spread(of: Subject) -> Asked:
    column = of.column(*ORDERED)
    told = f"What are the lowest, the highest and the average {plain(column.name)} of the {of.many}?"
    return told, f"SELECT min({column.name}) , max({column.name}) , avg({column.name}) FROM {of.table}"


def _like(of: Subject) -> Asked:
    part = of.rng.choice(fit([w for v in of.values(of.name) for w in re.findall(r"[A-Za-z]{3,}", str(v))]))
    told = f"How many {of.many} have the word {part} in their {plain(of.name)}?"
    return told, f"SELECT count(*) FROM {of.table} WHERE {of.name} LIKE '%{part}%'"


def _above_mean(of: Subject) -> Asked:
    column = of.column(*ORDERED)
    sign, word = of.rng.choice(((">", "above"), ("<", "below")))
    told = f"Which {of.many} have {article(plain(column.name))} {word} the average? Give their {plain(of.name)}."
    return told, (f"SELECT {of.name} FROM {of.table} WHERE {column.name} {sign} (SELECT avg({column.name}) FROM {of.table})")


def _never(of: Subject) -> Asked:
    key, above = of.parent()
    told = f"Which {above.many} are never the {plain(key.name)} of any of the {of.many}? Give the {plain(above.name)}."
    return told, (
        f"SELECT {above.name} FROM {above.table} WHERE id NOT IN "
        f"(SELECT {key.name} FROM {of.table} WHERE {key.name} > 0)"  # a NULL among them would leave nothing
    )


def _per_parent(of: Subject) -> Asked:
    key, above = of.parent()
    told = f"How many {of.many} does each {plain(key.name)} have? Give the {plain(above.name)}, the one with the most first."
    return told, (
        f"SELECT T1.{above.name} , count(*) FROM {above.table} AS T1 JOIN {of.table} AS T2 ON T1.id = T2.{key.name} "
        f"GROUP BY T1.id ORDER BY count(*) DESC , T1.{above.name} DESC"
    )


def _sorted_join(of: Subject) -> Asked:
    key, above = of.parent(named=False)
    told, condition = filtered(above, alias="T2.")
    column = of.column(*ORDERED, "date")
    start = f"List the {plain(of.name)} of the {of.many} whose {plain(key.name)} is one of the {above.many} {told}"
    return f"{start}, by falling {plain(column.name)}.", (
        f"SELECT T1.{of.name} FROM {of.table} AS T1 JOIN {above.table} AS T2 ON T1.{key.name} = T2.id "
        f"WHERE {condition} ORDER BY T1.{column.name} DESC"
    )


def _without(of: Subject) -> Asked:
    key, above = of.parent(named=False)
    told = f"What are the ids of the {above.many} that none of the {of.many} has as {plain(key.name)}?"
    return told, f"SELECT id FROM {above.table} EXCEPT SELECT {key.name} FROM {of.table}"


def _either(of: Subject) -> Asked:
    told, one = filtered(of)
    or_told, other = filtered(of, without=(one.split()[0],))
    start = f"Give the {plain(of.name)} of the {of.many} {told}, together with those {or_told}, each once."
    return start, f"SELECT {of.name} FROM {of.table} WHERE {one} UNION SELECT {of.name} FROM {of.table} WHERE {other}"


def _commonest(of: Subject) -> Asked:
    column = of.column("enum", *WORDS)
    way, word = of.rng.choice((("DESC", "most"), ("ASC", "fewest")))
    told = f"Which {plain(column.name)} do the {word} {of.many} have?"
    return told, f"SELECT {column.name} FROM {of.table} GROUP BY {column.name} ORDER BY count(*) {way} LIMIT 1"


def _often(of: Subject) -> Asked:
    column, least = of.column("enum", *WORDS), of.rng.choice((1, 2, 3, 4))
    told = f"Which values of {plain(column.name)} do more than {least} of the {of.many} have?"
    return told, f"SELECT {column.name} FROM {of.table} GROUP BY {column.name} HAVING count(*) > {least}"


def _busiest(of: Subject) -> Asked:
    key, above = of.parent()
    told = f"Which {plain(key.name)} has the most {of.many}? Give the {plain(above.name)}."
    return told, (
        f"SELECT T1.{above.name} FROM {above.table} AS T1 JOIN {of.table} AS T2 ON T1.id = T2.{key.name} "
        f"GROUP BY T1.id ORDER BY count(*) DESC LIMIT 1"
    )


def _both(of: Subject) -> Asked:
    key, above = of.parent()
    column = of.column("enum")
    one, other = of.rng.sample(fit(sorted(set(of.values(column.name)))), 2) if len(column.values) > 1 else fit(None)
    joined = f"{of.table} AS T1 JOIN {above.table} AS T2 ON T1.{key.name} = T2.id"
    start = f"SELECT T2.{above.name} FROM {joined} WHERE T1.{column.name} ="
    told = (
        f"Which {above.many} are the {plain(key.name)} both of {of.many} with the {plain(column.name)} {one} and of some "
        f"with the {plain(column.name)} {other}? Give the {plain(above.name)}."
    )
    return told, f"{start} {quoted(one)} INTERSECT {start} {quoted(other)}"


def _above_mean_of_kind(of: Subject) -> Asked:
    column, kind = of.column(*ORDERED), of.column("enum")
    value = of.some(kind)
    told = (
        f"Give the {plain(of.name)} and the {plain(column.name)} of the {of.many} with the {plain(kind.name)} {value} whose "
        f"{plain(column.name)} is above the average of that {plain(kind.name)}."
    )
    return told, (
        f"SELECT {of.name} , {column.name} FROM {of.table} WHERE {column.name} > (SELECT avg({column.name}) FROM {of.table} "
        f"WHERE {kind.name} = {quoted(value)}) AND {kind.name} = {quoted(value)}"
    )


def _never_such(of: Subject) -> Asked:
    key, above = of.parent()
    told, condition = filtered(of)
    start = f"List in alphabetical order the {plain(above.name)} of the {above.many} that are the {plain(key.name)} of none of"
    return f"{start} the {of.many} {told}.", (
        f"SELECT {above.name} FROM {above.table} WHERE id NOT IN (SELECT {key.name} FROM {of.table} "
        f"WHERE {condition} AND {key.name} > 0) ORDER BY {above.name} ASC"
    )


def _sum_over_join(of: Subject) -> Asked:
    key, above = of.parent()
    column, (told, condition) = of.column(*ORDERED), filtered(of, alias="T2.")
    start = f"For each {plain(key.name)}, what is the highest {plain(column.name)} of the {of.many} {told}? Give the"
    return f"{start} {plain(above.name)} and that number, the largest first.", (
        f"SELECT T1.{above.name} , max(T2.{column.name}) FROM {above.table} AS T1 "
        f"JOIN {of.table} AS T2 ON T1.id = T2.{key.name} WHERE {condition} GROUP BY T1.id ORDER BY max(T2.{column.name}) DESC"
    )


PATTERNS: dict[str, tuple[Callable[[Subject], Asked], ...]] = {
    "easy": (_counted, _listed, _extreme, _found, _how_many, _kinds, _sorted_names, _flagged, _often),
    "medium": (_by_kind, _mean_by_kind, _top, _two_columns, _two_conditions, _pairs, _of_parent, _spread, _like),
    "hard": (_above_mean, _never, _per_parent, _sorted_join, _without, _either, _commonest),
    "extra": (_busiest, _both, _above_mean_of_kind, _never_such, _sum_over_join),
}
