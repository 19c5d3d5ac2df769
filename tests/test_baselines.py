"""The baselines: honest, valid where they say anything, and below the truth."""

import json

import pytest

from ghostlib import config
from ghostlib.corpus.reading import Line, Reading
from ghostlib.corpus.records import Label, Screen, read_screens, save
from ghostlib.inference import baselines, benchmark
from ghostlib.schemas import postgres

KEY = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
TEXTS = ("Customer", "E-mail *", "Order", "2nd phone", "Group", "Customer", "")


def screen(number, **changes):
    values = {
        "image_path": f"validation_set/{number}.png",
        "output": f"CREATE TABLE orders (\n    {KEY},\n    customer text NOT NULL,\n    total numeric(10,2)\n);",
        "domain": "shop",
        "screen": "list",
        "split": "validation",
        "title": "Orders",
        "look": "harbor",
        "size": (1280, 800),
        "labels": tuple(Label("orders", "customer", text, (0, n, 9, n + 9)) for n, text in enumerate(TEXTS)),
        "reading": Reading(tuple(Line(text, (0, 0, 9, 9)) for text in ("Orders", "Total *", "EUR 12.00", "Add")), "x", "y"),
    }
    return Screen(**values | changes)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A root with three validation screens and training screens whose most frequent schema is about pets."""
    (tmp_path / "configs").symlink_to(config.root() / "configs")
    pets = f"CREATE TABLE pets (\n    {KEY},\n    name text NOT NULL\n);"
    training = [screen(n, split="train", domain="vet", output=sql) for n, sql in enumerate((screen(0).output, pets, pets))]
    save(training, tmp_path / "data" / "dataset_vision.json")
    save([screen(n) for n in range(3)], tmp_path / "data" / "validation_set" / "dataset.json")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "benchmark.md").write_text((config.root() / benchmark.PAGE).read_text())
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path))
    return config.load("nano", scale="full")


def test_every_baseline_but_nothing_creates_in_postgresql_also_from_hostile_titles_and_labels():
    nasty = ["", 'a"; DROP TABLE x; --', "注文", "select", "9 lives", "x" * 300, "id", "%s {0}"]
    screens = [screen(n, title=text, labels=(Label("a", "b", text), Label("a", "c", "Name"))) for n, text in enumerate(nasty)]
    for name, told in baselines.predictions(screens, screens).items():
        verdicts = postgres.check_many(list(told.values()))
        assert [verdict.valid for verdict in verdicts] == [name != "nothing"] * len(nasty), name


def test_each_baseline_says_what_its_name_promises():
    told = {name: list(found.values())[0] for name, found in baselines.predictions([screen(0)], [screen(1)]).items()}
    [labelled] = postgres.check(told["labels_as_text"]).tables
    assert labelled.name == "orders" and not labelled.foreign_keys and not labelled.unique
    assert [c.name for c in labelled.columns] == ["id", "customer", "e_mail", "order", "n2nd_phone", "group"]
    assert {column.type for column in labelled.columns[1:]} == {"text"}
    assert [c.name for c in postgres.check(told["title_only"]).tables[0].columns] == ["id", "name"]
    assert [c.name for c in postgres.check(told["ocr_lines"]).tables[0].columns] == ["id", "orders", "total", "add"]
    assert told["nothing"] == "" and told["gold"] == screen(0).output and told["most_frequent"] == screen(1).output


def test_the_truth_scores_one_on_all_and_nothing_scores_nothing_through_the_files_of_anybody(settings, tmp_path):
    benchmark.publish(settings)
    told = json.loads((baselines.results(settings)).read_text())
    found = {name: {metric: value["mean"] for metric, value in told["baselines"][name].items()} for name in baselines.NAMES}
    assert found["gold"]["schema_score"] == found["gold"]["label_coverage"] == 1.0
    assert set(found["nothing"].values()) == {0.0}
    assert found["most_frequent"]["validity"] == 1.0 and found["most_frequent"]["schema_score"] < 0.5
    assert all(0 < found[name]["schema_score"] < 1 for name in ("title_only", "labels_as_text"))
    assert found["title_only"]["label_coverage"] < found["labels_as_text"]["label_coverage"]
    page = (tmp_path / benchmark.PAGE).read_text()
    assert "| harbor | 3 | 3 |" in page and "1 domains in validation: shop 3." in page and "| the truth itself | 1.000" in page
    assert benchmark.stamped(page, settings) == page
    assert baselines.committed(settings, 3).keys() == baselines.NAMES.keys() - {"gold"}
    assert baselines.committed(settings, 2) == {}


def test_the_committed_page_says_what_the_shipped_data_and_the_committed_results_say():
    page = (config.root() / benchmark.PAGE).read_text(encoding="utf-8")
    assert benchmark.stamped(page, config.load("nano", scale="full")) == page, "run `python -m ghostlib.inference.benchmark`"


def test_the_committed_baselines_are_of_the_shipped_screens_and_the_truth_scores_one():
    told = json.loads((baselines.results(config.load("nano"))).read_text(encoding="utf-8"))
    file = config.root() / "data" / "validation_set" / "dataset.json"
    assert told["data"] == baselines.fingerprint(file) and told["n"] == len(read_screens(file))
    assert told["baselines"]["gold"]["schema_score"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
