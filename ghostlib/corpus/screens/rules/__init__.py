"""The rules of docs/reading_a_screen.md, each with a small screen and the DDL that it implies.

`python -m ghostlib.corpus.screens.rules` writes the document, and its pictures with an installed browser.

example.py   a rule and the notation of its screen      tables.py, columns.py, links.py   the rules themselves
"""

from ghostlib.corpus.screens.rules import columns, links, tables
from ghostlib.corpus.screens.rules.example import Rule

__all__ = ["CHAPTERS", "RULES", "Rule", "document", "slug"]

CHAPTERS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("Tables", tables.RULES),
    ("Columns", columns.RULES),
    ("Keys, NOT NULL, indexes", links.RULES),
)
RULES: tuple[Rule, ...] = tuple(rule for _, rules in CHAPTERS for rule in rules)
HEAD = """# Reading a screen

What a screen implies about the schema behind it, {count} rules. The generator (`ghostlib/corpus/screens/truth.py`), the
teacher's prompt and the person who reads a prediction follow them; where two rules speak of one column, the stricter one
counts. This page, its pictures and its DDL are written by `python -m ghostlib.corpus.screens.rules`; a test creates every
schema in PostgreSQL.

**What is not on the screen is not in the schema.** Nobody can read `updated_at` off a form that does not show it.
"""
TAIL = """
## What looks like data and is not
- the navigation, breadcrumbs, the tabs of a page, buttons, menus, pagination, "1-10 of 248", the signed-in user, notifications;
- the search box at the top of the page, which searches everything and names nothing;
- whatever is computed: counts on tabs, lanes and menus, totals, subtotals, averages, trends ("+12.4 %"), charts, the
  lines under a basket;
- what an application hangs on every record: the box for comments, the feed "Activity", the place where files are dropped
  ("Attachments"); a labelled input with one file in it is a column (rule 14);
- placeholders in empty inputs: the label counts, not "Pick a date" (though it says that the column is a date);
- help and errors below inputs, notes beside a form, "Read-only", the ends of a slider as words;
- initials in a circle, pictures and coloured fields on cards: they stand for the name beside them;
- ticks at the left of a list, the bar "3 selected", the dots at the right of a row;
- the steps of a wizard, the folders of an inbox, the menu of a page of settings, the headings of groups inside a form.
"""


def document() -> str:
    """The page docs/reading_a_screen.md as Markdown."""
    told = [HEAD.format(count=len(RULES))]
    for title, rules in CHAPTERS:
        told.append(f"## {title}\n")
        told += [_told(rule) for rule in rules]
    return "\n".join(told).rstrip() + "\n" + TAIL


def slug(rule: Rule) -> str:
    """The name of the rule's picture, without its ending: its number and its archetype."""
    return f"{RULES.index(rule) + 1:02}-{rule.archetype}"


def _told(rule: Rule) -> str:
    number = RULES.index(rule) + 1
    picture = f"![The screen of rule {number}](pictures/reading/{slug(rule)}.png)"
    return f"### {number}. {rule.title}\n\n{rule.words}\n\n{picture}\n\n```sql\n{rule.ddl.strip()}\n```\n"
