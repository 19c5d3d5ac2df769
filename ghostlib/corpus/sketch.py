"""The text of a planned screen where a browser would put it, without a browser: what a reading of the picture looks like."""

import random

from ghostlib.corpus import reading
from ghostlib.corpus.reading import Line
from ghostlib.corpus.screens import arrangement
from ghostlib.corpus.screens.archetypes.scene import SPOKEN
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section

SIZES = ((1280, 800), (1440, 900), (1024, 768))
PHONE = (390, 800)
LETTER = 7.2  # pixels that a letter is wide
FOLDERS = ("Inbox", "Sent", "Drafts", "Archive", "Trash")


def sketch(plan: ScreenPlan, rng: random.Random) -> tuple[list[Line], tuple[int, int]]:
    """The text of a screen with boxes in pixels, and the screen's size (width, height), as tall as its content."""
    page = _Page(rng, PHONE if plan.small else rng.choice(SIZES), plan)
    page.furnish()
    for section in plan.sections:
        page.draw(section)
    if plan.archetype == "form" or "files" in plan.extras:
        page.row((30, "Cancel"), (150, "Create" if plan.is_new else "Save changes"))
    return list(reading.in_order(page.lines)), (page.wide, max(page.high, int(page.y) + 30))


class _Page:
    """A page that fills from the top; holds where the next thing goes."""

    def __init__(self, rng: random.Random, size: tuple[int, int], plan: ScreenPlan) -> None:
        self.rng, self.plan = rng, plan
        self.wide, self.high = size
        self.lines: list[Line] = []
        self.left, self.y = 24 if plan.small else 30, 20.0
        self.right = self.wide - 30
        self.step = rng.choice((26, 30, 36))
        self.capitals = rng.random() < 0.3  # table headers in capitals, as many looks have them

    def put(self, text: str, x: float, y: float, *, high: int = 14) -> None:
        if text and x < self.wide - 20:
            shown = text[: max(3, int((self.wide - x) / LETTER))]
            self.lines.append(Line(shown, (int(x), int(y), int(x + LETTER * len(shown)), int(y + high))))

    def ended(self, text: str, x: float, y: float) -> None:
        """The text with its end at `x`."""
        self.put(text, max(self.left, x - LETTER * len(text)), y)

    def row(self, *words: tuple[float, str], step: float = 30) -> None:
        for x, word in words:
            self.put(word, self.left + x, self.y)
        self.y += step

    def along(self, words: tuple[str, ...], x: float, *, gap: int = 30) -> None:
        for word in words:
            self.put(word, x, self.y)
            x += LETTER * len(word) + gap

    def furnish(self) -> None:
        """What stands round the data: brand, navigation, person, path, title and buttons; moves to where content begins."""
        plan = self.plan
        self.put(plan.brand, 24, 22, high=18)
        if plan.small:
            self.y = 50
        elif self.rng.random() < 0.65:
            for number, (_, title) in enumerate(plan.nav):
                self.put(title, 50, 76 + 38 * number)
            self.left = 250
        else:
            x = 240.0
            for _, title in plan.nav:
                self.put(title, x, 24)
                x += LETTER * len(title) + 34
            self.y = 60
        if self.rng.random() < 0.5 and not plan.small:
            self.put(plan.user, self.wide - 190, 24)
        title = plan.record if plan.record and plan.archetype == "detail" else plan.title
        if title != plan.title or (self.rng.random() < 0.4 and not plan.small):  # else nothing would say what the record is
            self.put(f"{plan.domain_title} / {plan.noun_title}", self.left, self.y + 20)
        self.put(title, self.left, self.y + 50, high=24)
        for number, word in enumerate(self.rng.sample(("Save", "New", "Export", "Filter", "Import"), 1 + (not plan.small))):
            self.put(word, self.wide - 120 - 110 * number, self.y + 54)
        self.y += 96
        if plan.steps:
            self.along(tuple(f"{n} {name}" for n, name in enumerate(plan.steps, 1)), self.left + 20, gap=60)
            self.y += 44
        for figure in plan.figures:
            if figure.kind == "card":
                self.row((0, figure.title), step=20)
                self.row((0, figure.numbers[0]), step=26)

    def draw(self, section: Section) -> None:
        layouts = {
            "rows": self.rows,
            "names": self.names,
            "settings": self.settings,
            "cards": self.cards,
            "lanes": self.lanes,
            "messages": self.messages,
            "message": self.message,
        }
        layouts.get(section.layout, self.fields)(section)
        if section.parent and self.plan.archetype == "wizard":
            for figure in self.plan.figures:
                self.put(figure.title, self.left, self.y)
                self.ended(figure.numbers[0], self.right, self.y)
                self.y += 24

    def rows(self, section: Section) -> None:
        """A list: its tabs and search, the header, a line of cells for each record, the sums."""
        self.row((0, section.title))
        tabbed = section.field(section.filtered_by)
        counts = (section.total, *section.counts) if section.counts else ()
        tabs = (
            tuple(f"{word} {counts[n]}" if counts else word for n, word in enumerate(("All", *tabbed.options)))
            if tabbed
            else ()
        )
        self.along(tabs, self.left)
        if section.search:
            self.put(section.search, self.wide - 330 if not self.plan.small else self.left, self.y + 24 * self.plan.small)
        self.y += (40 + 24 * self.plan.small) if tabbed or section.search else 0
        if self.plan.small:
            self.stacked(section)
            return
        pairs = arrangement.columns(section)
        wide = (self.right - self.left) / max(1, len(pairs))
        for number, (field, _) in enumerate(pairs):
            arrow = " ↓" if field.column == section.sorted_by and self.rng.random() < 0.5 else ""
            label = field.label.upper() if self.capitals else field.label
            self.put(label + arrow, self.left + wide * number, self.y)
        for row in range(section.rows):
            self.y += self.step + 8 + 8 * any(below for _, below in pairs)
            for number, (field, below) in enumerate(pairs):
                self.put(_cell(field, row)[: int(wide / LETTER) - 1], self.left + wide * number, self.y)
                if below:
                    self.put(_cell(below, row)[: int(wide / LETTER) - 1], self.left + wide * number, self.y + 17)
        if section.totals:
            self.y += self.step + 8
            sums = [section.totals[section.fields.index(field)] for field, _ in pairs]
            for number, text in enumerate(["Total", *sums[1:]]):
                self.put(text, self.left + wide * number, self.y)
        self.y += 44
        if not section.rows:
            self.row((200, f"No {section.title.lower()} yet"), step=60)

    def stacked(self, section: Section) -> None:
        """A phone's list: a label and its value on each line, the records one below the other."""
        if section.sorted_by:
            self.row((0, f"Sort by {section.fields[_place(section, section.sorted_by)].label}"))
        for row in range(section.rows):
            for field in section.fields:
                self.pair(field, row, self.left, self.right)
            self.y += 16

    def pair(self, field: Field, row: int, left: float, right: float, *, ended: bool = True) -> None:
        self.put(field.label, left, self.y)
        value = _cell(field, row)
        if ended:
            self.ended(value, right, self.y)
        else:
            self.put(value, left + LETTER * len(field.label) + 10, self.y)
        self.y += 24

    def names(self, section: Section) -> None:
        """The names of the records in a column of their own, left of or above the open one."""
        x, y = (self.left, self.y) if self.plan.small or self.left < 200 else (self.left, 150.0)
        self.put(section.search, x, y)
        self.put(section.fields[0].label, x, y + 30)
        for number, name in enumerate(section.fields[0].values):
            self.put(name[:26], x, y + 64 + 40 * number)
        self.y = max(self.y, y + 64 + 40 * len(section.fields[0].values))

    def fields(self, section: Section) -> None:
        """Labels in one to three columns, each with its value or its options below."""
        self.row((0, section.title), step=34)
        columns = self.rng.choice((1, 2, 2)) if section.layout == "fields" else self.rng.choice((1, 2, 3))
        columns = 1 if self.plan.small else columns
        wide = (self.right - self.left) / columns
        for number, field in enumerate(section.fields):
            x, marks = self.left + wide * (number % columns), self.plan.marks if section.layout == "fields" else "none"
            mark = " *" if marks == "asterisk" and field.required else ""
            mark = " (optional)" if marks == "optional" and not field.required and field.kind != "bool" else mark
            self.put(field.label + mark, x, self.y)
            self.answer(field, section, x)
            self.put(field.error or field.help, x, self.y + 46)
            if number % columns == columns - 1 or number == len(section.fields) - 1:
                helped = any(f.help or f.error for f in section.fields)
                self.y += self.step + 30 + 18 * helped

    def answer(self, field: Field, section: Section, x: float) -> None:
        y = self.y + 24
        if field.options or field.kind in ("tags", "many"):
            for option in field.options or arrangement.pieces(field.values[0]):
                self.put(option, x, y)
                x += LETTER * len(option) + 30
        elif field.ends and section.layout != "facts":
            for place, text in ((0, field.ends[0]), (160, field.ends[1]), (200, field.values[0])):
                self.put(text, x + place, y)
        elif field.kind != "bool" or section.layout == "facts":
            self.put(_cell(field, 0)[:40], x + 8, y)

    def settings(self, section: Section) -> None:
        """A group of preferences: the label with its help on the left, the control on the right."""
        self.row((0, section.title), step=36)
        x = self.left if self.plan.small else self.left + (self.right - self.left) * 0.6
        for field in section.fields:
            self.put(field.label, self.left, self.y)
            self.put(field.help, self.left, self.y + 19)
            self.y -= 0 if self.plan.small else 24
            self.answer(field, section, x)
            self.y += 70 if self.plan.small else 76

    def cards(self, section: Section) -> None:
        """A grid of cards: the name of each record over its labels and values."""
        self.put(section.search, self.left, self.y)
        self.y += 30 * bool(section.search)
        if filtered := section.field(section.filtered_by):
            self.along((filtered.label, "All", *filtered.options), self.left)
        if section.sorted_by:
            self.put(f"Sort by {section.fields[_place(section, section.sorted_by)].label}", self.right - 180, self.y)
        self.y += 44
        across = 1 if self.plan.small else self.rng.choice((3, 4))
        wide = (self.right - self.left) / across
        shown = [field for field in section.fields if not field.names_record and field is not filtered]
        for row in range(section.rows):
            x, top = self.left + wide * (row % across), self.y
            self.name(section, row, x, filtered)
            for field in shown:
                self.pair(field, row, x, x + wide - 40)
            last = row % across == across - 1 or row == section.rows - 1
            self.y = self.y + 30 if last else top

    def name(self, section: Section, row: int, x: float, chip: Field | None = None) -> None:
        for field in section.fields:
            if field.names_record:
                if field.column not in SPOKEN:
                    self.put(field.label, x, self.y)
                    self.y += 18
                self.put(field.values[row], x, self.y)
                if chip:
                    self.put(chip.values[row], x + LETTER * len(field.values[row]) + 24, self.y)
                self.y += 28

    def lanes(self, section: Section) -> None:
        """A board: what groups it, a lane for each member, a card for each record."""
        lane = section.fields[_place(section, section.grouped_by or "")]
        self.along((*filter(None, [section.search]), f"Group by {lane.label}"), self.left)
        self.y += 40
        options = lane.options
        if self.plan.small:
            self.along(tuple(f"{word} {len(arrangement.lane(section, word))}" for word in options), self.left, gap=14)
            self.y += 36
        wide = (self.right - self.left) / (1 if self.plan.small else len(options))
        top, low = self.y, self.y
        for number, option in enumerate(options[:1] if self.plan.small else options):
            x, self.y = self.left + wide * number, top
            rows = arrangement.lane(section, option)
            self.put(f"{option} {len(rows)}", x, self.y)
            self.y += 36
            for row in rows:
                self.name(section, row, x + 10)
                for field in section.fields:
                    if not field.names_record and field is not lane:
                        self.pair(field, row, x + 10, x + wide, ended=False)
                self.y += 24
            low = max(low, self.y)
        self.y = low

    def messages(self, section: Section) -> None:
        """An inbox: folders, what is unread or starred, and three lines of each message."""
        subject = section.fields[_place(section, "subject")]
        sender = next(field for field in section.fields if field.target)
        received, tag = section.fields[_place(section, "received_at")], section.field("label")
        if not self.plan.small:
            for number, word in enumerate(FOLDERS):
                self.put(word, self.left, self.y + 34 * number)
            self.left += 170
        self.row((0, section.title))
        switches = tuple(field.label for field in section.fields if field.kind == "bool")
        self.along(("All", *switches), self.left)
        self.y += 30
        if tag:
            self.along((tag.label, *tag.options), self.left)
            self.y += 30
        if section.search:
            self.row((0, section.search))
        self.row((0, f"{sender.label} · {subject.label} · {received.label}"))
        for row in range(section.rows):
            self.row((20, sender.values[row]), step=20)
            self.row((20, subject.values[row]), step=20)
            self.row((20, received.values[row]), *([(240, tag.values[row])] if tag else []), step=34)

    def message(self, section: Section) -> None:
        """The open message: its labels with their values, and its text."""
        wide, bottom = self.right - self.left, self.y
        if not self.plan.small:
            self.left, self.y = int(self.left + wide * 0.45), 120.0
        self.row((0, self.plan.record))
        for field in section.fields:
            if field.kind == "long":
                self.row((0, f"Hello {self.plan.user.split()[0]},"), step=34)
                self.row((0, field.values[0][:60]), step=22)
                self.row((0, field.values[0][60:120]), step=40)
            else:
                self.pair(field, 0, self.left, self.right, ended=False)
        self.y = max(self.y, bottom)


def _place(section: Section, column: str) -> int:
    return next(n for n, field in enumerate(section.fields) if field.column == column)


def _cell(field: Field, row: int) -> str:
    """What can be read of a value: stars are drawn, not written; a switch may be."""
    if field.kind == "stars" or row >= len(field.values):
        return ""
    return " ".join(arrangement.pieces(field.values[row])) if field.kind in ("tags", "many") else field.values[row]
