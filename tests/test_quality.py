"""The gates: each lets an honest dataset through and names the row that breaks it."""

import json
import random
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw
from predecessor import write

from ghostlib.corpus.quality import check, statistics
from ghostlib.corpus.quality.files import check_files
from ghostlib.corpus.reading import Line
from ghostlib.corpus.records import Label, Screen, Text
from ghostlib.errors import DataError

KEY = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"


def pair(name: str) -> str:
    return (
        f"CREATE TABLE {name}s (\n    {KEY},\n    title text NOT NULL\n);\n\n"
        f"CREATE TABLE {name}_items (\n    {KEY},\n    {name}_id bigint NOT NULL REFERENCES {name}s (id),\n"
        "    amount integer\n);"
    )


def texts(count: int = 24) -> list[Text]:
    return [Text("Write.", "", pair(f"thing{number}"), domain=f"d{number % 5}") for number in range(count)]


def screen(name: str, number: int, **changes) -> Screen:
    values = {
        "image_path": f"{name}.png",
        "output": pair(f"{name}{number}"),
        "domain": "shop",
        "screen": "form",
        "labels": (Label(f"{name}{number}s", "title", "Title"), Label(f"{name}{number}_items", "amount", "Amount")),
        "lines": (Line("Title *", (0, 0, 9, 9)), Line("Amount", (0, 20, 9, 29))),
    }
    return Screen(**values | changes)


def finding(report, gate):
    return next(found for found in report.findings if found.gate == gate)


def draw(path, colour="black", size=(640, 400), seed=None):
    """A picture with its own pattern of boxes, so that no two are alike."""
    rng, image = random.Random(seed or path.stem), Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        pen.rectangle((x, y, x + rng.randrange(20, 200), y + rng.randrange(10, 60)), fill=colour)
    image.save(path)


def test_an_honest_dataset_passes_every_gate(tmp_path):
    records = [*texts(), screen("a", 1), screen("b", 2)]
    for name in "ab":
        draw(tmp_path / f"{name}.png")
    report = check(records, root=tmp_path)
    assert report.passed and not report.rejects, str(report)
    assert "26 of 26 labels create" in str(report) and all("\n" not in str(found) for found in report.findings)


@pytest.mark.parametrize(
    ("sql", "reason", "word"),
    [
        ("CREATE TABLE `a` (`id` INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB;", "dialect", "`"),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);", "dialect", "AUTOINCREMENT"),
        (f"CREATE TABLE a ({KEY}, b_id bigint REFERENCES b (id));", "creates", "does not exist"),
        (f"CREATE TABLE a ({KEY}, x txt);", "creates", "txt"),
        ("", "creates", ""),
        ("SELECT 1;", "creates", ""),
    ],
)
def test_a_label_that_postgresql_does_not_create_is_rejected_with_row_and_reason(sql, reason, word):
    report = check([*texts(), Text("Write.", "", sql, domain="bad")])
    [reject] = report.rejects
    assert not report.passed and (reject.row, reject.name, reject.reason) == (25, "bad", reason) and word in reject.detail


def test_one_constant_stub_on_most_rows_fails_as_the_predecessors_dataset_should_have():
    records = [*texts(24), *[Text("Write.", "", pair("stub"))] * 263]
    report = check(records)
    assert not report.passed and not finding(report, "collapse").passed and "263" in finding(report, "collapse").text


def test_labels_of_one_table_without_keys_fail_the_tables_gate():
    records = [Text("Write.", "", f"CREATE TABLE t{number} ({KEY}, x text);") for number in range(30)]
    assert not finding(check(records), "tables").passed


def test_a_domain_or_a_label_in_two_splits_is_leakage():
    clean = [*texts(), Text("Write.", "", pair("new"), domain="gym", split="validation")]
    assert check(clean).passed
    domain = [*texts(), Text("Write.", "", pair("new"), domain="d1", split="validation")]
    label = [*texts(), Text("Write.", "", pair("thing3").replace("\n", " \n"), domain="gym", split="validation")]
    for records, word in ((domain, "domain"), (label, "label")):
        report = check(records)
        assert not report.passed and [reject.row for reject in report.rejects] == [25]
        assert report.rejects[0].reason == "leakage" and word in report.rejects[0].detail


def test_a_column_that_no_visible_label_names_is_rejected():
    nobody = screen("a", 1, labels=(Label("a1s", "title", "Title"),))
    unseen = screen("b", 2, lines=(Line("Title", (0, 0, 9, 9)),))
    report = check([nobody, unseen, screen("c", 3)])
    assert [(reject.row, reject.reason) for reject in report.rejects] == [(1, "visible"), (2, "visible")]
    assert "a1_items.amount" in report.rejects[0].detail and "b2_items.amount" in report.rejects[1].detail
    assert "4 of 6 columns" in finding(report, "visible").text


def test_blank_tiny_and_damaged_pictures_are_rejected_and_missing_ones_are_one_finding(tmp_path):
    names = ["good", "blank", "tiny", "torn", "missing", "away"]
    draw(tmp_path / "good.png")
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "blank.png")
    draw(tmp_path / "tiny.png", size=(320, 90))
    (tmp_path / "torn.png").write_bytes((tmp_path / "good.png").read_bytes()[:900])
    records = [screen(name, number) for number, name in enumerate(names)]
    records[-1] = screen("away", 5, image_path="https://example.com/away.png")
    report = check(records, root=tmp_path)
    details = [reject.detail for reject in report.rejects if reject.reason == "picture"]
    for word, detail in zip(["blank", "tiny", "damaged"], details, strict=True):
        assert word in detail
    missing = finding(report, "missing")
    assert not missing.passed and "2 of 6" in missing.text and "missing.png" in missing.text


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_picture_that_was_merely_saved_smaller_or_as_a_jpeg_is_a_twin_inside_and_across_the_split(tmp_path, split):
    draw(tmp_path / "a.png")
    copy = Image.open(tmp_path / "a.png")
    copy.save(tmp_path / "b.jpg", quality=60)
    copy.resize((320, 200)).save(tmp_path / "c.png")
    draw(tmp_path / "d.png", seed="another")
    names = ["a.png", "b.jpg", "c.png", "d.png"]
    records = [screen("s", n, image_path=name, lines=()) for n, name in enumerate(names)]
    records = [*records[:2], *(replace(one, split=split, domain=split) for one in records[2:])]
    report = check(records, root=tmp_path)
    assert [(one.row, one.reason) for one in report.rejects] == [(2, "twin"), (3, "twin")]
    assert ("1 of them one of another split" in finding(report, "twin").text) == (split == "validation")


def test_two_screens_that_look_alike_and_say_other_things_are_no_twins(tmp_path):
    for name in "ab":
        draw(tmp_path / f"{name}.png", seed="same")
    lines = [tuple(Line(f"{word} {n}", (0, 0, 9, 9)) for n in range(4)) for word in ("Order", "Patient")]
    records = [replace(screen(name, n), lines=lines[n], labels=()) for n, name in enumerate("ab")]
    assert finding(check(records, root=tmp_path), "twin").passed
    same = [records[0], replace(records[1], lines=lines[0])]
    assert not finding(check(same, root=tmp_path), "twin").passed


def test_a_label_outside_the_picture_is_no_evidence(tmp_path):
    draw(tmp_path / "a.png")
    boxes = [(10, 10, 90, 30), (10, 390, 90, 410)]
    labels = tuple(replace(label, box=box) for label, box in zip(screen("a", 1).labels, boxes, strict=True))
    report = check([screen("a", 1, labels=labels)], root=tmp_path)
    assert [reject.reason for reject in report.rejects] == ["visible"] and "a1_items.amount" in report.rejects[0].detail


def test_a_label_or_an_element_for_a_column_that_the_truth_lacks_is_rejected():
    extra = Label("a1s", "colour", "Colour")
    element = {"elements": [{"label": "Size", "widget": "fact", "column": "b2s.size"}, "a fact in words", {"column": ""}]}
    first, second = screen("a", 1), screen("b", 2, ui_analysis=element)
    report = check([replace(first, labels=(*first.labels, extra)), second, screen("c", 3)])
    assert [(one.row, one.reason) for one in report.rejects] == [(1, "columns"), (2, "columns")]
    assert "a1s.colour" in report.rejects[0].detail and "b2s.size" in report.rejects[1].detail


SELLING = ("Get started", "Trusted by 4,000 teams", "Book a demo", "One place for your work")


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": tuple(Line(text, (0, 0, 9, 9)) for text in SELLING), "labels": ()},
        {"output": "-- no data on this screen\n" + pair("stub")},
        {"ui_analysis": {"no_data": True}},
        {"ui_analysis": {"description": "A landing page of a product."}},
    ],
)
def test_a_marketing_page_and_a_label_for_no_data_are_rejects_and_not_examples(changes):
    report = check([screen("a", 1), screen("b", 2, **changes)])
    assert (2, "stub") in [(one.row, one.reason) for one in report.rejects] and not finding(report, "stub").passed
    assert not [one for one in report.rejects if one.row == 1]


def test_rows_longer_than_the_profile_are_named_and_without_a_counter_nobody_counts():
    records = [*texts(3), Text("Write.", "", pair("long") + "\n-- " + "x" * 5000)]
    report = check(records, tokens=lambda record: len(record.output), room=1000)
    assert [(one.row, one.reason) for one in report.rejects] == [(4, "length")] and "1000" in finding(report, "length").text
    assert not [one for one in check(records).findings if one.gate == "length"]


def test_words_of_another_dialect_in_comments_strings_and_names_of_valid_sql_are_nobodys_dialect():
    sql = (
        f"-- was AUTO_INCREMENT in MySQL\nCREATE TABLE a ({KEY}, datetime timestamptz, unit text DEFAULT 'tinyint', clob text);"
    )
    assert check([Text("Write.", "", sql)]).passed


def test_a_dialects_settings_that_postgresql_merely_skips_are_still_a_finding():
    report = check([Text("Write.", "", f"SET FOREIGN_KEY_CHECKS = 0;\n{pair('tag')}")])
    assert "MySQL 1" in finding(report, "dialect").text and finding(report, "creates").passed


def test_a_dataset_as_bad_as_the_predecessors_stops_with_collapse_dialect_and_single_tables(tmp_path):
    file = write(tmp_path / "public.json", random.Random(7), count=400, stubs=20)
    report = check_files([file])
    failed = {found.gate: found.text for found in report.findings if not found.passed}
    assert report.count == 400 and {"collapse", "dialect", "tables", "missing", "creates"} <= failed.keys()
    assert "on 20 " in failed["collapse"] and "MySQL" in failed["dialect"] and "400 of 400" in failed["missing"]
    assert len(str(report).splitlines()) < 40
    rejects = [json.loads(line) for line in report.save(tmp_path / "r.jsonl").read_text().splitlines()]
    assert len(rejects) == len(report.rejects) > 60
    assert {"file", "row", "name", "reason", "detail"} == rejects[0].keys()


def test_broken_rows_of_a_file_are_findings_and_the_others_are_still_judged_under_their_own_numbers(tmp_path):
    first = [{"instruction": "Write.", "input": "", "output": pair("tag")}, 7, {"output": 3, "image_path": "a.png"}]
    second = [{"image_path": "/etc/passwd", "output": "CREATE TABL x"}, {"messages": "no"}]
    for name, rows in (("one.json", first), ("two.json", second)):
        (tmp_path / name).write_text(json.dumps(rows))
    report = check_files([tmp_path / "one.json", tmp_path / "two.json"])
    told = {(one.file.rpartition("/")[2], one.row): one.reason for one in report.rejects}
    assert told[("one.json", 2)] == told[("one.json", 3)] == told[("two.json", 2)] == "row"
    assert ("two.json", 1) in told and ("one.json", 1) not in told
    assert "2 of 5 rows" in finding(report, "rows").text and finding(report, "missing").text.startswith("1 of 1")


def test_a_failed_gate_stops_with_its_reason_in_one_line_and_the_rejects_in_a_file(tmp_path):
    check(texts()).require(tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()
    with pytest.raises(DataError, match="creates: 24 of 25 labels") as caught:
        check([*texts(), Text("Write.", "", "CREATE TABL x")]).require(tmp_path / "r" / "rejects.jsonl")
    assert "\n" not in str(caught.value) and len((tmp_path / "r" / "rejects.jsonl").read_text().splitlines()) == 1


def test_no_records_at_all_do_not_pass():
    assert not check([]).passed


def test_statistics_count_what_is_there():
    numbers = statistics([*texts(5), screen("a", 1), screen("b", 1, screen="list"), Text("Write.", "", "nonsense")])
    assert numbers["records"] == 8 and numbers["create in PostgreSQL"] == 7
    assert numbers["archetypes"] == {"form": 1, "list": 1} and numbers["domains"]["shop"] == 2
    assert numbers["tables per screen"] == {2: 7} and numbers["share with a foreign key"] == 1.0
    assert numbers["distinct labels"] == 8 and numbers["most frequent label"] == 1 and numbers["columns"] == 35
    assert statistics([])["records"] == 0
