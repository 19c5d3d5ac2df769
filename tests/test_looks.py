"""The looks and what stands round the data: drawn at every size that a look states, and measured in the browser's picture."""

import io
import itertools
import random
import re
import string
from collections import Counter
from functools import cache
from xml.etree import ElementTree

import pytest
from PIL import Image

from ghostlib.corpus.screens import archetypes, browser, drawing, furniture, looks, pages
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING
from ghostlib.corpus.screens.drawn import complete
from ghostlib.corpus.screens.icons import ICONS, SOLID, icon
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.corpus.screens.sheets import GAP, sheet

needs_browser = pytest.mark.skipif(not browser.installed(), reason="no Chromium or Chrome is installed here")
SEEN = [(look.name, size) for look in LOOKS.values() for size in look.sizes]
KINDS = ("form", "list", "detail", "dashboard", "cards", "settings", "kanban", "wizard", "inbox", "master-detail", "report")


def planned(look, size, kind, seed=1):
    rng = random.Random(f"{seed}/{look.name}/{size}/{kind}")
    return archetypes.plan(rng.choice(TRAINING), kind, rng, room=look.room(size[0]))


@pytest.fixture(scope="module")
def running():
    with browser.opened() as opened:
        yield opened


def luminance(colour):
    """The relative luminance of WCAG 2."""
    parts = [value / 255 for value in colour[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(picture, box):
    """The contrast of a label as it was drawn: its strongest pixel against the colour that most pixels have."""
    colours = sorted(picture.crop(box).convert("RGB").getcolors(1 << 20), reverse=True)
    ground = luminance(colours[0][1])
    return max((max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) for ink in (luminance(c) for _, c in colours))


def overlapping(lines):
    """Pairs of texts that are drawn on each other."""
    for one, other in itertools.combinations(lines, 2):
        (a, b, c, d), (e, f, g, h) = one["box"], other["box"]
        if min(c, g) - max(a, e) > 3 and min(d, h) - max(b, f) > 6:
            yield one["text"], other["text"]


def test_ten_looks_of_which_two_are_never_in_training_and_no_two_share_a_composition():
    assert len(LOOKS) == 10 and sum(look.validation_only for look in LOOKS.values()) == 2
    apart = {look.layout for look in LOOKS.values() if look.validation_only}
    assert not apart & {look.layout for look in LOOKS.values() if not look.validation_only}
    composed = {(look.layout, look.form, look.detail, look.switch, look.choice) for look in LOOKS.values()}
    assert len(composed) == 10 and len({look.layout for look in LOOKS.values()}) == 9
    assert {look.icons for look in LOOKS.values()} == {"outline", "filled", "duotone"}


def test_desktop_tablet_and_phone_are_seen_in_both_splits_and_a_phone_has_its_own_navigation():
    assert {size for _, size in SEEN} == {*looks.DESKTOP, *looks.TABLET, *looks.PHONE}
    for look in LOOKS.values():
        assert bool(look.phone) == any(size[0] < looks.SMALL for size in look.sizes), look.name
        for size in look.sizes:
            assert (pages.TEMPLATES / "frames" / f"{look.frame(size[0])}.html").exists()
    for split in (True, False):
        assert any(look.phone for look in LOOKS.values() if look.validation_only is split)


@pytest.mark.parametrize(("name", "size"), SEEN)
def test_a_page_is_the_same_bytes_for_the_same_seed_and_holds_one_look(name, size):
    look = LOOKS[name]
    kind = KINDS[SEEN.index((name, size)) % len(KINDS)]
    first, second = (pages.html(planned(look, size, kind), look, width=size[0]) for _ in range(2))
    assert first == second
    others = set(LOOKS) - {name}
    assert not any(re.search(rf"\.{other}[ .{{]", first) for other in others)


@needs_browser
@pytest.mark.parametrize(("name", "size"), SEEN)
def test_at_every_size_of_every_look_nothing_is_cut_every_label_is_there_and_can_be_read(running, name, size):
    look = LOOKS[name]
    for kind in (KINDS[SEEN.index((name, size)) % len(KINDS)], "list"):
        plan = planned(look, size, kind)
        page = pages.html(plan, look, width=size[0])
        drawn = running.draw(page, size)
        assert drawn.cut == [] and drawn.size[0] == size[0], (kind, plan.domain, drawn.cut, drawn.size)
        assert complete(plan, drawn), (kind, plan.domain)
        if not furniture.furnish(plan, look, size[0]).over:  # the dimmed page lies under the open one
            assert list(overlapping(drawn.lines)) == [], (kind, plan.domain)
        picture = Image.open(io.BytesIO(drawn.png))
        faint = [label["text"] for label in drawn.labels if label["text"] and contrast(picture, label["box"]) < 3]
        assert faint == [], (kind, plan.domain)


@needs_browser
def test_scrolling_takes_no_label_away_that_the_window_showed_before(running):
    windows = [page for page in itertools.islice(drawing.design(3), 150) if page.scroll is not None]
    scrolled = [page for page in windows if page.scroll]
    assert len(windows) > 20 and len(scrolled) > 4
    for page in scrolled[:8]:
        at_top, lower = (running.draw(page.html, page.size, scroll=scroll) for scroll in (0, page.scroll))
        assert lower.size == page.size
        shown, kept = ({name for label in drawn.labels for name in label["columns"]} for drawn in (at_top, lower))
        assert shown <= kept, (page.name, shown - kept)


def test_the_furniture_is_a_pure_function_and_every_kind_of_it_comes():
    seen = Counter()
    for page in itertools.islice(drawing.design(4), 250):
        found = furniture.furnish(page.plan, page.look, page.size[0])
        assert found == furniture.furnish(page.plan, page.look, page.size[0])
        assert sum(place.on for place in found.places) == 1, (page.plan.archetype, page.plan.domain)
        seen.update(name for name in furniture.Furniture.__dataclass_fields__ if getattr(found, name))
    assert set(seen) == set(furniture.Furniture.__dataclass_fields__)


@cache
def opened_over(count):
    """The first designs that open over a dimmed page, one a look."""
    designs = [*itertools.islice(drawing.design(6), count), *itertools.islice(drawing.design(6, "validation"), count)]
    found = {page.look.name: page for page in designs if furniture.furnish(page.plan, page.look, page.size[0]).over}
    assert set(found) == {look.name for look in LOOKS.values() if look.over}
    return list(found.values())


def test_what_stands_round_the_data_carries_no_column_and_the_dimmed_page_shows_no_row():
    for frame in (pages.TEMPLATES / "frames").glob("*.html"):
        assert "data-column" not in frame.read_text(encoding="utf-8"), frame.name
    for page in opened_over(400):
        behind, front = page.html.split('<div class="veil', 1)
        assert "data-column" not in behind and "<td" not in behind and "data-column" in front


@needs_browser
def test_a_modal_or_a_drawer_lies_over_the_page_and_not_under_it(running):
    for page in opened_over(400):
        drawn = running.draw(page.html, page.size)
        assert min(label["box"][1] for label in drawn.labels) < page.size[1] / 2 + 60, page.look.name
        assert drawn.cut == [] and complete(page.plan, drawn), (page.look.name, drawn.cut)


def test_every_icon_of_every_domain_is_drawn_in_three_sets_and_none_needs_a_file():
    named = {entity.icon for domain in DOMAINS.values() for entity in domain.entities}
    named |= {mark for mark, _ in furniture.MORE} | set(furniture.MARKS.values())
    assert named <= set(ICONS) and set(SOLID) <= set(ICONS)
    for name in ICONS:
        drawn = {icon(name, style=style) for style in ("outline", "filled", "duotone")}
        for svg in drawn:
            path = ElementTree.fromstring(svg).find("path")
            assert set(path.get("d")) <= set("MmLlHhVvCcSsAaQqTtZz -.," + string.digits), name
    with pytest.raises(KeyError):
        icon("unicorn")


def test_a_contact_sheet_holds_every_picture_in_rows_and_a_long_one_from_its_top():
    colours = ("red", "lime", "blue")
    pictures = [Image.new("RGB", (200, 900), colour) for colour in colours]
    made = sheet(pictures, 2, width=100)
    assert made.size == (2 * (100 + GAP) + GAP, 2 * (150 + GAP) + GAP)
    spots = [(GAP + 5, GAP + 5), (2 * GAP + 105, GAP + 5), (GAP + 5, 2 * GAP + 155)]
    assert [made.getpixel(spot) for spot in spots] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    with pytest.raises(ValueError, match="at least one"):
        sheet([])
