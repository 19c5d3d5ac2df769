"""Which line a column came from, what is there by convention, and what nobody saw."""

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from ghostlib.corpus.reading import Line
from ghostlib.inference import evidence, overlay, trials
from ghostlib.schemas.schema import Column, ForeignKey, Schema, Table

ROOT = Path(__file__).resolve().parents[1]
SIZE = (800, 600)
ID = Column("id", "bigint", True, identity=True)


def labels(*texts, x=60, y=100, pitch=60):
    return [Line(text, (x, y + pitch * n, x + 9 * len(text), y + pitch * n + 16)) for n, text in enumerate(texts)]


def table(name, *columns, keys=()):
    made = tuple(Column(one, "text") if isinstance(one, str) else one for one in columns)
    return Table(name, (ID, *made), ("id",), tuple(ForeignKey((own,), to, ("id",)) for own, to in keys))


def kinds(schema, lines):
    return {f"{link.table}.{link.column}": (link.kind, link.line) for link in evidence.of(schema, lines, SIZE).links}


def test_a_column_is_linked_to_its_label_with_the_box_and_an_invented_one_to_nothing():
    schema = Schema((table("orders", "order_number", "total", "loyalty_tier"),))
    found = evidence.of(schema, labels("Order number *", "Total:", "Notes about nothing"), SIZE)
    by_name = {link.column: link for link in found.links}
    assert by_name["order_number"].line == "Order number *" and by_name["order_number"].box == (60, 100, 186, 116)
    assert by_name["total"].kind == "shown"
    assert (by_name["loyalty_tier"].kind, by_name["loyalty_tier"].box) == ("invented", None)


def test_keys_and_the_records_own_time_stamps_are_convention_and_a_due_date_is_not():
    stamps = [Column("created_at", "timestamptz"), Column("due_at", "timestamptz"), Column("updated_at", "text")]
    schema = Schema((table("teams", "name"), table("tasks", "team_id", *stamps, keys=[("team_id", "teams")])))
    found = kinds(schema, labels("Something else", "Entirely different"))
    assert found["tasks.id"][0] == found["tasks.team_id"][0] == found["tasks.created_at"][0] == "convention"
    assert found["tasks.due_at"][0] == found["teams.name"][0] == found["tasks.updated_at"][0] == "invented"


def test_a_key_and_the_name_behind_it_share_the_one_label_that_stands_for_both():
    schema = Schema((table("customers", "full_name"), table("orders", "customer_id", keys=[("customer_id", "customers")])))
    found = kinds(schema, labels("Customer", "Weather"))
    assert found["orders.customer_id"] == found["customers.full_name"] == ("shown", "Customer")


def test_one_label_serves_one_column_and_the_better_name_gets_it():
    schema = Schema((table("rooms", "rate", "nightly_rate"),))
    found = kinds(schema, labels("Nightly rate"))
    assert found["rooms.nightly_rate"] == ("shown", "Nightly rate") and found["rooms.rate"][0] == "invented"


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("is_active", "Active"), ("starts_on", "Starts"), ("lease_number", "Lease no."), ("email", "E-mail"),
        ("storage_gb", "Storage (GB)"), ("phone", "PHONE"), ("due_date", "Due date 07-09-2026"), ("keyboard", "Keybaord"),
    ],
)  # fmt: skip
def test_a_screens_way_of_saying_it_is_found(column, label):
    assert kinds(Schema((table("things", column),)), labels(label))[f"things.{column}"] == ("shown", label)


def test_what_an_ocr_read_as_one_line_serves_each_of_its_columns():
    schema = Schema((table("messages", "subject", "sender"),))
    found = kinds(schema, labels("Sender · Subject · Size"))
    assert found["messages.subject"] == ("shown", "Subject") and found["messages.sender"] == ("shown", "Sender")


def test_a_label_in_the_form_is_preferred_to_the_same_word_elsewhere():
    title = Line("Status", (300, 20, 420, 60))
    lines = [title, *labels("Name", "Status", "Owner")]
    link = evidence.of(Schema((table("jobs", "name", "status", "owner"),)), lines, SIZE).links[2]
    assert link.box == lines[2].box


def test_a_search_box_and_a_button_are_no_labels():
    found = kinds(Schema((table("claims", "name", "amount"),)), labels("Search by name", "Add amount"))
    assert {kind for kind, _ in found.values()} == {"convention", "invented"}


def test_a_label_that_became_no_column_is_pointed_out_and_values_and_buttons_are_not():
    lines = [
        *labels("Name", "Deposit", "Owner", "Save"),
        Line("Mr Smith", (70, 122, 140, 138)),
        Line("12.50", (70, 182, 110, 198)),
    ]
    found = evidence.of(Schema((table("jobs", "name", "owner"),)), lines, SIZE)
    assert [line.text for line in found.unused] == ["Deposit"]


def test_nothing_to_read_and_nothing_predicted_are_no_error():
    assert evidence.of(Schema(), labels("Name"), SIZE) == evidence.Evidence((), ())
    found = evidence.of(Schema((table("jobs", "name"),)), [], SIZE)
    assert [link.kind for link in found.links] == ["convention", "invented"]
    assert json.loads(json.dumps([link.as_dict() for link in found.links]))[1] == {
        "table": "jobs", "column": "name", "kind": "invented", "line": None, "box": None,
    }  # fmt: skip


def test_the_order_of_the_lines_decides_nothing():
    schema = Schema((table("rooms", "name", "rate", "floor"), table("guests", "name", "email")))
    lines = labels("Name", "Rate", "Floor", "Guest name", "Email", "Wifi")
    assert kinds(schema, lines) == kinds(schema, lines[::-1])


def test_on_validation_screens_nine_in_ten_links_are_right_and_nine_in_ten_labels_are_found():
    from ghostlib import config
    from ghostlib.inference import coverage

    screens = list(coverage.screens(config.load("nano"), "validation").values())[::4]
    found = trials.traced(screens, ROOT / "data")
    assert found["screens"] >= 30
    assert found["precision"] > 0.9 and found["recall"] > 0.88 and found["foreign_found"] > 0.85, found


def near(pixel, colour):
    wanted = tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return max(abs(one - other) for one, other in zip(pixel, wanted, strict=True)) < 8


def test_the_overlay_draws_a_box_round_every_shown_line_and_says_the_rest_below(tmp_path):
    file = tmp_path / "s.png"
    Image.new("RGB", SIZE, "white").save(file)
    schema = Schema((table("jobs", "name", "owner", "ghost"),))
    found = evidence.of(schema, labels("Name", "Deposit", "Owner"), SIZE)
    sheet = overlay.drawn(found, file)
    assert sheet.size[0] == SIZE[0] and sheet.size[1] > SIZE[1]
    assert near(sheet.getpixel((58, 105)), overlay.SHOWN) and near(sheet.getpixel((58, 165)), overlay.UNUSED)
    below = sheet.crop((0, SIZE[1], *sheet.size)).convert("RGB").get_flattened_data()
    assert any(near(pixel, overlay.INVENTED) for pixel in below)


def test_an_overlay_of_a_huge_screenshot_is_scaled_and_one_of_nothing_is_the_screenshot(tmp_path):
    file = tmp_path / "s.png"
    Image.new("RGB", (4000, 1000), "white").save(file)
    found = evidence.of(Schema((table("jobs", "name"),)), labels("Name", x=3000), (4000, 1000))
    assert max(overlay.drawn(found, file).size) == overlay.LARGEST
    assert overlay.drawn(evidence.Evidence(), file.read_bytes()).size == (1600, 400)


def test_a_prediction_tells_its_elements_and_its_complexity():
    from ghostlib.inference.predict import Prediction

    schema = Schema((table("jobs", "name", "owner"),))
    found = evidence.of(schema, labels("Name", "Deposit", "Owner"), SIZE)
    told = Prediction("x", "", True, (), schema, 0.5, 0.1, "gguf", "nano", evidence=found)
    assert [(one["label"], one["column"]) for one in told.ui_elements] == [
        ("Name", "jobs.name"), ("Owner", "jobs.owner"), ("Deposit", None),
    ]  # fmt: skip
    assert told.complexity == "low"
    wide = Schema((table("jobs", *[f"c{n}" for n in range(20)]),))
    assert dataclasses.replace(told, schema=wide).complexity == "high"
    assert dataclasses.replace(told, schema=None).complexity == ""
