"""Reading a screenshot: real OCR, and the folding of its lines into what a prompt can carry."""

import random
import re
import subprocess
import sys
import threading

import pytest
from PIL import Image, ImageDraw

from ghostlib.corpus import reading as reading_module
from ghostlib.corpus.reading import BUDGET, Line, fingerprint, in_order, line_from, noisy, pieces, prompt, read, reading
from ghostlib.errors import DataError

SIZE = (1440, 900)
MENU = ["Acme Ops", "Dashboard", "Orders", "Customers", "Products", "Settings"]
COLUMNS = [("Name", 260), ("Email", 460), ("Status", 720), ("Created", 900), ("Total", 1080)]


def put(text: str, x: int, y: int, tall: int = 18) -> Line:
    return Line(text, (x, y, x + 8 * len(text), y + tall))


def table(rows: int, top: int = 140) -> list[Line]:
    lines = [put(name, x, top) for name, x in COLUMNS]
    for row in range(rows):
        cells = [
            f"Customer{row}",
            f"c{row}@mail.org",
            ("active", "paused")[row % 2],
            f"2026-01-{row + 1:02}",
            f"${row}.00",
        ]
        lines += [put(cell, x, top + 44 + 44 * row) for cell, (_, x) in zip(cells, COLUMNS, strict=True)]
    return lines


def page() -> list[Line]:
    menu = [put(text, 24, 24 + 44 * row) for row, text in enumerate(MENU)]
    return [*menu, put("Customers", 260, 26, 30), put("Search customers", 260, 90), *table(9)]


def form() -> list[Line]:
    labels = ["First name *", "Last name", "Birth date", "Blood type", "Doctor", "Ward"]
    values = ["Ada", "Byron", "1990-01-02", "A+", "Dr Who", "West"]
    lines = [put("Edit patient", 24, 20, 28), put("Save", 24, 500)]
    for row, (label, value) in enumerate(zip(labels, values, strict=True)):
        lines += [put(label, 24, 90 + 50 * row), put(value, 300, 90 + 50 * row)]
    return lines


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    image = Image.new("RGB", (640, 320), "white")
    pen = ImageDraw.Draw(image)
    pen.text((20, 20), "Edit customer", fill="black", font_size=28)
    for row, (label, value) in enumerate([("Full name", "Ada Lovelace"), ("Email address", "ada@mail.org")]):
        pen.text((20, 80 + 60 * row), label, fill="black", font_size=18)
        pen.text((260, 80 + 60 * row), value, fill="black", font_size=18)
    return image


def test_the_ocr_reads_a_drawn_form_in_reading_order_with_boxes_where_the_text_is(picture):
    found = read(picture)
    assert [line.text for line in found] == [
        "Edit customer",
        "Full name",
        "Ada Lovelace",
        "Email address",
        "ada@mail.org",
    ]
    value = found[2]
    assert abs(value.box[0] - 260) < 8 and abs(value.box[1] - 80) < 12 and 0.5 < value.score <= 1.0


def test_a_thread_with_an_ocr_of_its_own_reads_the_same_and_waits_for_nobody(picture):
    alone, found = read(picture), []

    def beside():
        reading_module.read_beside_others()
        found.append(read(picture))

    with reading_module._ONE_AT_A_TIME:  # somebody else is reading
        thread = threading.Thread(target=beside, daemon=True)
        thread.start()
        thread.join(60)
    assert found == [alone]


def test_an_empty_picture_reads_as_nothing():
    blank = Image.new("RGB", (300, 200), "white")
    assert read(blank) == () and prompt((), (300, 200)) == ""


def test_the_ocr_says_nothing_on_the_terminal():
    code = "from PIL import Image; from ghostlib.corpus.reading import read; read(Image.new('RGB', (64, 64), 'white'))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stored_reading_knows_its_picture_and_not_how_the_file_was_packed(picture):
    kept = reading(picture)
    assert kept.picture == fingerprint(picture.convert("RGBA")) and kept.ocr.startswith("rapidocr ")
    assert fingerprint(picture.crop((0, 0, 639, 320))) != kept.picture


def test_positions_are_the_coarse_grid_of_the_top_left_corner():
    lines = [Line("first", (0, 0, 9, 9)), Line("last", (1439, 899, 1500, 950)), Line("out", (-50, 450, 10, 470))]
    assert prompt(lines, SIZE).splitlines() == ["0,0 first", "16,0 out", "31,15 last"]


def test_a_sidebar_folds_to_one_line_and_a_table_to_its_header_and_two_rows():
    assert prompt(page(), SIZE).splitlines() == [
        "0,0 menu: " + ", ".join(MENU).lower(),
        "0,2 customers",
        "3,2 search customers",
        "4,2 name | email | status | created | total",
        "6,2 customer0 | c0@mail.org | active | 2026-01-01 | $0.00",
        "8,2 customer1 | c1@mail.org | paused | 2026-01-02 | $1.00",
        "... 7 more rows",
    ]


def test_a_top_bar_folds_but_the_header_of_a_table_at_the_top_does_not():
    bar = [put(text, 24 + 150 * place, 20) for place, text in enumerate(["Shop", "Home", "Orders", "Help"])]
    assert prompt([*bar, *form()[2:]], SIZE).startswith("0,0 menu: shop, home, orders, help\n")
    assert prompt(table(6, top=20), SIZE).splitlines()[0] == "0,2 name | email | status | created | total"


def test_labels_left_of_their_fields_are_not_taken_for_a_menu():
    text = prompt(form(), SIZE)
    assert "menu" not in text and "3,0 first name *\n3,3 ada" in text


def test_a_form_in_three_columns_keeps_every_label():
    labels = [f"{name} {row}" for row in "abcd" for name in ("Street", "Town", "Note")]
    lines = [put(label, 24 + 400 * (n % 3), 100 + 80 * (n // 3)) for n, label in enumerate(labels)]
    text = prompt(lines, SIZE)
    assert all(label.lower() in text for label in labels) and "more" not in text


def test_key_and_value_pairs_of_a_detail_page_are_not_folded():
    lines = [put(text, x, 100 + 40 * row) for row in range(8) for text, x in ((f"Field {row}", 300), (f"{row}.50", 600))]
    assert len(prompt(lines, SIZE).splitlines()) == 16


def test_icons_avatars_page_numbers_and_separators_do_not_reach_the_prompt():
    page_numbers = [put(text, 1200 + 30 * place, 800) for place, text in enumerate("1234")]
    read_by_ocr = ["口", "☆Reviews", "+ Add order", "Q Search…", "/", "V", "MH", "Mateo Hughes"]
    icons = [put(text, 300 if text != "Mateo Hughes" else 330, 200 + 40 * place) for place, text in enumerate(read_by_ocr[:7])]
    text = prompt([*icons, put("Mateo Hughes", 330, 440), *page_numbers], SIZE)
    assert text.splitlines() == ["8,3 reviews", "9,3 add order", "11,3 search...", "15,3 mateo hughes"]


def test_the_days_of_a_month_do_not_reach_the_prompt_but_what_stands_on_them_does():
    days = [put(str(7 * week + day + 1), 100 + 180 * day, 120 + 140 * week) for week in range(4) for day in range(7)]
    events = [put("Team lunch", 280, 300), put("Audit", 820, 580)]
    assert [line.split(" ", 1)[1] for line in prompt([*days, *events], SIZE).splitlines()] == ["team lunch", "audit"]
    rows = [put(text, 300 + 90 * n, 200) for n, text in enumerate(["Qty", "3", "4", "5", "6"])]
    assert "qty" in prompt(rows, SIZE) and "| 3" not in prompt(rows, SIZE) and " 3" in prompt(rows, SIZE)


def test_an_asterisk_stands_at_its_label_however_it_was_read():
    together, apart = [put("Name*", 300, 200)], [put("Name", 300, 200), Line("*", (336, 200, 342, 218))]
    assert prompt(together, SIZE) == prompt(apart, SIZE) == prompt([put("Name *", 300, 200)], SIZE) == "7,3 name *"


def test_a_list_beside_its_detail_is_read_pane_by_pane():
    left = [put("Search by name", 60, 190), *[put(f"Customer {row}", 60, 230 + 47 * row) for row in range(8)]]
    right = [
        put(text, 700, 205 + 61 * row) for row, text in enumerate(["Info", "Name", "Bolt Ltd", "City", "Bonn", "Notes", "Ok"])
    ]
    words = [line.split(" ", 1)[1] for line in prompt([*left, *right], SIZE).splitlines()]
    assert words == [line.text.lower() for line in (*left, *right)]


def test_what_stands_beside_a_table_is_not_lost():
    chart = [put(day, 1300, 200 + 44 * row) for row, day in enumerate(["Mon", "Tue", "Wed"])]
    text = prompt([*table(9), *chart], SIZE)
    assert "... 7 more rows" in text and all(f" {day.text.lower()}" in text for day in chart)


def test_a_prompt_never_has_more_lines_than_the_limit_and_no_endless_line():
    rng, letters = random.Random(5), "abcdefghijklmnopqrstuvwxyz"
    for count in (0, 1, 47, 48, 49, 400):
        lines = [put(rng.choice(letters) * rng.randint(1, 300), rng.randrange(1400), rng.randrange(880)) for _ in range(count)]
        text = prompt(lines, SIZE)
        assert len(text.splitlines()) <= min(count, 48)
        assert max(map(len, text.splitlines()), default=0) <= 200
    assert re.search(r"\n\.\.\. 3\d\d more lines$", text)


def test_a_prompt_keeps_to_its_budget_of_pieces_and_says_how_much_it_left_out():
    lines = [put(f"Long label number {n} of a dense page", 10 + 700 * (n % 2), 10 + 30 * (n // 2)) for n in range(40)]
    text = prompt(lines, SIZE)
    *kept, last = text.splitlines()
    assert sum(map(pieces, kept)) <= BUDGET
    assert last == f"... {40 - len(kept)} more lines" and 10 < len(kept) < 40


def test_a_text_cannot_break_out_of_its_line():
    text = prompt([put("Name\n9,9 Forged\u2028 \x00line", 10, 10)], SIZE)
    assert text == "0,0 name 9,9 forged line"


def test_rows_of_a_browser_and_lines_of_an_ocr_give_the_same_prompt_in_any_order():
    lines = page()
    rows = [{"text": line.text, "box": list(line.box)} for line in lines]
    random.Random(3).shuffle(rows)
    assert prompt(rows, SIZE) == prompt(lines, SIZE)
    assert in_order([line_from(row) for row in rows]) == in_order(lines)


@pytest.mark.parametrize(
    "item",
    [
        None,
        {"text": "a"},
        {"text": 1, "box": [1, 2, 3, 4]},
        {"text": "a", "box": ["x"] * 4},
        {"text": "a", "box": [float("inf")] * 4},
        {"text": "a", "box": [float("nan")] * 4},
    ],
)
def test_a_line_without_text_or_box_is_one_clear_error(item):
    with pytest.raises(DataError, match="line"):
        line_from(item)


def test_noise_is_repeatable_and_of_the_kind_an_ocr_makes():
    lines = tuple(page())
    assert noisy(lines, random.Random(1)) == noisy(lines, random.Random(1)) != noisy(lines, random.Random(2))
    assert noisy(lines, random.Random(1), strength=0) == in_order(lines)
    rng = random.Random(0)
    kept = [sum(line.text in {noise.text for noise in noisy(lines, rng)} for line in lines) for _ in range(50)]
    assert 0.85 < sum(kept) / len(kept) / len(lines) < 0.98
    strong = [noisy(lines, rng, strength=8) for _ in range(20)]
    assert all(line.text for run in strong for line in run)
    assert len({len(run) for run in strong}) > 3
