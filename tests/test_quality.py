"""The gates: each lets an honest dataset through and names the row that breaks it."""

import pytest
from PIL import Image, ImageDraw

from ghostlib.corpus.quality import check, statistics
from ghostlib.corpus.reading import Line
from ghostlib.corpus.records import Label, Screen, Text

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


def draw(path, colour="black", size=(320, 200)):
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((10, 10), path.stem, fill=colour, font_size=30)
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
    assert not report.passed and not finding(report, "distinct").passed and "263" in finding(report, "distinct").text


def test_labels_of_one_table_without_keys_fail_the_shape_gate():
    records = [Text("Write.", "", f"CREATE TABLE t{number} ({KEY}, x text);") for number in range(30)]
    assert not finding(check(records), "shape").passed


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


def test_missing_blank_tiny_and_twin_pictures_are_rejected(tmp_path):
    names = ["good", "blank", "tiny", "twin", "missing"]
    draw(tmp_path / "good.png")
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "blank.png")
    draw(tmp_path / "tiny.png", size=(320, 90))
    Image.open(tmp_path / "good.png").save(tmp_path / "twin.png", compress_level=1)
    report = check([screen(name, number) for number, name in enumerate(names)], root=tmp_path)
    details = [reject.detail for reject in report.rejects if reject.reason == "picture"]
    for word, detail in zip(["blank", "tiny", "good.png", "missing.png"], details, strict=True):
        assert word in detail


def test_no_records_at_all_do_not_pass():
    assert not check([]).passed


def test_statistics_count_what_is_there():
    numbers = statistics([*texts(5), screen("a", 1), screen("b", 1, screen="list"), Text("Write.", "", "nonsense")])
    assert numbers["records"] == 8 and numbers["create in PostgreSQL"] == 7
    assert numbers["archetypes"] == {"form": 1, "list": 1} and numbers["domains"]["shop"] == 2
    assert numbers["tables per screen"] == {2: 7} and numbers["share with a foreign key"] == 1.0
    assert numbers["distinct labels"] == 8 and numbers["most frequent label"] == 1 and numbers["columns"] == 35
    assert statistics([])["records"] == 0
