"""Anybody's predictions: scored as our own are, and every odd line named."""

import json

import pytest

from ghostlib import config
from ghostlib.corpus import records
from ghostlib.corpus.records import Label, Screen
from ghostlib.errors import DataError
from ghostlib.inference import coverage, foreign
from ghostlib.schemas import postgres

TABLE = """\
CREATE TABLE {name} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    total numeric(10,2)
);"""
NAMES = ("orders", "guests", "rooms", "songs")
IDS = [f"validation_set/{name}.png" for name in NAMES]
GOLD = dict(zip(IDS, (TABLE.format(name=name) for name in NAMES), strict=True))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A root with four validation screens, whose pictures are not even needed."""
    (tmp_path / "configs").symlink_to(config.root() / "configs")
    screens = [
        Screen(
            f"validation_set/{name}.png",
            output=TABLE.format(name=name),
            domain=("hotel", "shop")[number % 2],
            screen=("form", "list")[number % 2],
            split="validation",
            labels=tuple(Label(name, word, word.title(), (0, 9 * n, 9, 9)) for n, word in enumerate(("title", "total"))),
        )
        for number, name in enumerate(NAMES)
    ]
    records.save(screens, tmp_path / "data" / "validation_set" / "dataset.json")
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path))
    return config.load("nano")


def file_of(tmp_path, rows, name="mine.jsonl"):
    file = tmp_path / name
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return file


def complaint(settings, file):
    with pytest.raises(DataError) as caught:
        foreign.score(settings, file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_truth_scores_one_everywhere_and_is_written_as_metrics_table_and_figure(settings, tmp_path):
    file = file_of(tmp_path, [{"image_path": name, "prediction": f"```sql\n{sql}\n```"} for name, sql in GOLD.items()])
    found = foreign.run(settings, file, out=tmp_path / "out")
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert told == json.loads(json.dumps(found.as_dict())) and told["n"] == 4 and told["base"] is None and not told["notes"]
    assert {value["mean"] for name, value in told["tuned"].items() if not name.startswith("hallucinated")} == {1.0}
    assert told["tuned"]["label_coverage"]["mean"] == 1.0
    assert {kind: sorted(found) for kind, found in told["groups"].items()} == {
        "archetype": ["form", "list"],
        "domain": ["hotel", "shop"],
        "tables": ["1"],
    }
    assert told["groups"]["archetype"]["form"]["tuned"]["schema_score"]["mean"] == 1.0
    assert (tmp_path / "out" / "figures" / "predictions.png").stat().st_size > 10_000


def test_missing_screens_count_nothing_and_are_told_and_so_are_ids_that_nobody_knows(settings, tmp_path):
    rows = [{"id": "data/validation_set/orders.png", "prediction": GOLD[IDS[0]]}, {"id": "moon.png", "prediction": ""}]
    rows += [{"id": "guests.png", "prediction": GOLD[IDS[1]]}]
    found = foreign.score(settings, file_of(tmp_path, rows))
    assert found.tuned["schema_score"]["mean"] == found.tuned["label_coverage"]["mean"] == 0.5
    assert any("2 of 4" in note and "rooms.png" in note for note in found.notes)
    assert any("'moon.png' in line 2" in note for note in found.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": IDS[0], "prediction": ""}, '{"id": '], ("line 2", "broken JSON")),
        (["[" * 50_000], ("line 1", "broken JSON")),
        ([[1, 2]], ("line 1", "list")),
        ([{"id": IDS[0]}], ("line 1", "prediction")),
        ([{"id": IDS[0], "prediction": None}], ("line 1", "prediction")),
        ([{"prediction": "x"}], ("line 1", "image_path")),
        ([{"id": IDS[0], "prediction": ""}, "", {"id": "orders.png", "prediction": ""}], ("line 3", "line 1")),
        ([{"id": "moon.png", "prediction": ""}], ("no id", "orders.png")),
        ([""], ("holds no prediction",)),
    ],
)
def test_a_wrong_line_is_one_clear_error_with_its_number(settings, tmp_path, rows, words):
    message = complaint(settings, file_of(tmp_path, rows))
    assert all(word in message for word in ("mine.jsonl", *words)), message


def test_a_file_that_is_missing_not_utf8_or_a_folder_is_one_line(settings, tmp_path):
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "caf\xe9"}')
    for file, word in (("none.jsonl", "no such"), ("latin.jsonl", "UTF-8"), ("data", "cannot be read")):
        assert word in complaint(settings, tmp_path / file)


def test_a_runs_own_predictions_file_gives_base_and_tuned_apart(settings, tmp_path):
    rows = [{"id": name, "model": "base", "prediction": "no sql"} for name in IDS]
    rows += [{"id": name, "model": "tuned", "prediction": sql, "gold": sql} for name, sql in GOLD.items()]
    found = foreign.score(settings, file_of(tmp_path, rows))
    assert found.base["validity"]["mean"] == 0.0 and found.tuned["schema_score"]["mean"] == 1.0
    assert found.distinct == {"base": 1, "tuned": 4}


def test_hostile_predictions_are_scored_and_leave_nothing_behind(settings, tmp_path):
    rows = [
        {"id": IDS[0], "prediction": "DROP TABLE pg_class; COPY (SELECT 1) TO PROGRAM 'id'"},
        {"id": IDS[1], "prediction": "x" * 100_000},
        {"id": IDS[2], "prediction": "<end_of_turn>" + GOLD[IDS[2]]},
        {"id": IDS[3], "prediction": GOLD[IDS[3]] + "\x00"},
    ]
    found = foreign.score(settings, file_of(tmp_path, rows))
    assert found.n == 4 and found.tuned["validity"]["mean"] <= 0.25


def test_coverage_counts_each_label_once_and_a_key_shown_by_its_name_is_covered_by_either():
    sql = TABLE.format(name="orders").replace("total numeric(10,2)", "guest_id bigint REFERENCES guests (id)")
    truth = postgres.check(TABLE.format(name="guests") + sql)
    labels = (
        Label("orders", "title", "Title", (0, 0, 9, 9)),
        Label("orders", "guest_id", "Guest", (0, 20, 9, 29)),
        Label("guests", "title", "Guest", (0, 20, 9, 29)),
    )
    shown = Screen("a.png", output="", labels=labels)
    assert coverage.covered(truth, truth, shown) == 1.0
    assert coverage.covered(postgres.check(TABLE.format(name="orders")), truth, shown) == 0.5
    assert coverage.covered(None, truth, shown) == 0.0
    assert coverage.covered(truth, truth, Screen("b.png", output="")) is None
