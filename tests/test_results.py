"""What the docs quote of a run: markers filled from the metrics, and one answer as a picture."""

import dataclasses
import hashlib
import json

import pytest
from PIL import Image

from ghostlib import config as configs
from ghostlib import results, tasks
from ghostlib.errors import ExportError
from ghostlib.inference import engines, parity
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.tasks import ui2sql
from ghostlib.training.runs import Run

GOOD = "CREATE TABLE tags (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL\n);"
PAGE = """\
# A page
It scores <!-- number: ui2sql tuned.schema_score.mean -->?<!-- /number -->
on <!-- number: ui2sql n -->0<!-- /number --> screens.

<!-- results -->
an old
table
<!-- /results -->

After it.
"""


def interval(mean):
    return {"mean": mean, "low": mean - 0.1, "high": mean + 0.1}


def metrics(tuned=0.75):
    def series(mean):
        return {name: interval(mean) for name in ("schema_score", "validity", "table_f1")}

    return Metrics(
        split="validation",
        n=28,
        base=series(0.2),
        tuned=series(tuned) if tuned is not None else None,
        baselines={"most_frequent": series(0.4)},
        distinct={"base": 20, "tuned": 26},
        groups={},
        notes=(),
        rows=(),
        terms=ui2sql.TERMS,
    )


def row(sql, image=None):
    return Row("one", "tuned", sql, GOOD, bool(sql), {"schema_score": 0.5}, image=image)


def test_markers_and_the_table_are_filled_and_the_rest_stays():
    page = results.stamped(PAGE, "ui2sql", metrics().as_dict())
    assert "<!-- number: ui2sql tuned.schema_score.mean -->0.75<!-- /number -->" in page
    assert "<!-- number: ui2sql n -->28<!-- /number -->" in page
    assert "| schema score | 0.20 (0.10 to 0.30) | 0.75 (0.65 to 0.85) | 0.40 (0.30 to 0.50) |" in page
    assert "an old" not in page
    assert page.startswith("# A page\n") and page.endswith("\n\nAfter it.\n")


def test_a_metric_that_was_not_measured_has_no_row():
    page = results.stamped(PAGE, "ui2sql", metrics().as_dict())
    assert "column f1" not in page and "foreign key" not in page
    assert page.count("\n| ") == 4  # the head and three metrics


def test_stamping_twice_changes_nothing_and_new_numbers_replace_old_ones():
    other = metrics(0.5).as_dict()
    once = results.stamped(PAGE, "ui2sql", metrics().as_dict())
    assert results.stamped(once, "ui2sql", metrics().as_dict()) == once
    assert results.stamped(once, "ui2sql", other) == results.stamped(PAGE, "ui2sql", other) != once


def test_a_page_without_markers_stays_as_it_is():
    assert results.stamped("nothing here\n", "ui2sql", metrics().as_dict()) == "nothing here\n"


def test_a_number_that_no_metric_has_is_an_error_and_not_an_empty_place():
    with pytest.raises(KeyError):
        results.stamped("<!-- number: ui2sql tuned.beauty.mean -->1<!-- /number -->", "ui2sql", metrics().as_dict())


@pytest.mark.parametrize("sql", [GOOD, "CREATE TABLE tags (", "", "; DROP <b>\n" * 60])
def test_an_answer_becomes_a_picture_whether_postgresql_accepts_it_or_not(sql, tmp_path):
    file = tmp_path / "screen.png"
    Image.new("RGB", (320, 200), "navy").save(file)
    made = results.example(row(sql, file))
    assert made.width > 1500 and made.height > 20 * len(sql.splitlines())
    assert len(made.getcolors(256)) > 2  # something is drawn


def test_a_long_line_of_an_answer_goes_on_below_and_is_not_cut_off(tmp_path):
    long = GOOD.replace("NOT NULL\n", "CHECK (name IN (" + ", ".join(f"'option {n}'" for n in range(12)) + "))\n")
    short, wrapped = (results.example(row(sql, "")) for sql in (GOOD, long))
    assert wrapped.width == short.width
    edge = wrapped.convert("L").crop((wrapped.width - 12, 50, wrapped.width, wrapped.height))
    assert edge.getextrema()[0] > 200, "something reaches the right edge"


def test_an_answer_without_a_screenshot_becomes_a_picture_too():
    assert results.example(row(GOOD)).height > 400


TWO = """\
ours <!-- number: ui2sql n -->0<!-- /number --> theirs <!-- number: qod n -->0<!-- /number -->
<!-- results -->
ours
<!-- /results -->
<!-- results qod -->
theirs
<!-- /results -->
<!-- notes qod -->
<!-- /notes -->
<!-- example qod -->
<!-- /example -->
"""


def of_requests():
    """Metrics of a task in words, with a phase between base and tuned."""
    series = {name: interval(0.5) for name in tasks.terms("qod").metrics}
    rows = tuple(
        Row("r", model, text, '{"a":1}', False, {}, prompt="Write.\nPhone +49")
        for model, text in (("base", ""), ("text", "{}"), ("tuned", '{"a":1}'))
    )
    found = metrics()
    baselines = {"text": series, "most_frequent": series}
    notes = ("the phase preference moved faults by -0.1 (-0.2 to 0.0), as it is to",)
    return dataclasses.replace(
        found, base=series, tuned=series, baselines=baselines, notes=notes, rows=rows, terms=tasks.terms("qod")
    )


def test_a_page_of_two_tasks_keeps_the_one_while_the_other_is_stamped():
    found = of_requests()
    page = results.stamped(TWO, "qod", found.as_dict() | {"example": results.answers(found)})
    assert "ours <!-- number: ui2sql n -->0<!-- /number --> theirs <!-- number: qod n -->28" in page
    assert "<!-- results -->\nours\n" in page and "theirs\n<!-- /results" not in page
    assert "| | base | after examples | after pairs | most frequent answer |" in page
    assert "- 28 validation requests\n- the phase preference moved faults by -0.1 (-0.2 to 0.0), as it is to\n" in page
    assert '```\nasked: Phone +49\nwanted: {"a":1}\nbase: (nothing)\nafter examples: {}\nafter pairs: {"a":1}\n```' in page
    ours = results.stamped(page, "ui2sql", metrics().as_dict())
    assert "ours <!-- number: ui2sql n -->28" in ours and "| tuned |" in ours and "after pairs |" in ours
    assert results.quotes(TWO, "qod") and results.quotes(TWO, "ui2sql") and not results.quotes(TWO, "text2sql")


def test_an_answer_that_repeats_itself_does_not_fill_the_page():
    found = of_requests()
    example = results.answers(found)
    example["answers"]["base"]["answer"] = "export" * 500
    page = results.stamped(TWO, "qod", found.as_dict() | {"example": example})
    assert " ... (3,000 characters)\n" in page
    assert max(map(len, page.splitlines())) < results.QUOTED + 60


def test_what_each_eye_is_worth_is_a_row_an_archetype_and_one_for_all():
    whole = {part: {"schema_score": interval(mean)} for part, mean in (("both", 0.5), ("picture", 0.1), ("reading", 0.4))}
    told = {"n": 28, "whole": whole, "groups": {"archetype": {"form": {"n": 28, **whole}}}}
    blank = "# Eyes\n\n<!-- ablation -->\n<!-- /ablation -->\n"
    page = results.stamped(blank, "ui2sql", metrics().as_dict() | {"ablation": told})
    values = "0.50 (0.40 to 0.60) | 0.10 (0.00 to 0.20) | 0.40 (0.30 to 0.50) |"
    assert "| schema score by archetype | screens | both | picture | reading |" in page
    assert f"| form | 28 | {values}\n| all | 28 | {values}\n" in page
    assert results.UNMEASURED in results.stamped(blank, "ui2sql", metrics().as_dict())


def test_another_tasks_model_never_takes_the_place_of_the_one_that_ships(tmp_path):
    shipped = configs.root() / engines.SHIPPED
    before = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(shipped.rglob("*")) if file.is_file()}
    for profile, task in (("nano", "qod"), ("nano", "text2sql"), ("t4", "")):
        config = configs.load(profile, task=task)
        assert engines.ships(config) is None and parity.shipped(config) is None
        with pytest.raises(ExportError, match="does not ship") as told:
            results.ship(Run(tmp_path / "run", config))
        assert "\n" not in str(told.value)
    after = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(shipped.rglob("*")) if file.is_file()}
    assert before == after and engines.ships(configs.load("nano")) == shipped


IN_WORDS = ("qod", "text2sql")
PUBLISHED = [task for task in IN_WORDS if results.committed(task)]


@pytest.mark.parametrize("task", ["ui2sql", *IN_WORDS])
def test_every_page_says_of_a_task_what_its_committed_run_found_and_nothing_else(task):
    pages = [page for page in results.pages_of_docs() if results.quotes(page.read_text(encoding="utf-8"), task)]
    assert pages, "no page quotes it"
    known = results.committed(task)
    for page in pages:
        told = page.read_text(encoding="utf-8")
        assert results.stamped(told, task, known) == told, f"{page.name}: python -m ghostlib.results RUN"


@pytest.mark.parametrize("task", PUBLISHED)
def test_what_is_committed_names_the_base_the_run_and_a_difference_for_every_phase(task):
    found, folder = results.committed(task), configs.root() / "docs" / "results" / task
    phases = tasks.terms(task).phases
    assert found["n"] >= 40 and found["run"]["base"].startswith("nano-") and found["run"]["profile"] == "nano"
    assert [change["phase"] for change in found["changes"]] == list(found["run"]["phases"]) == list(phases)
    assert all(told["steps"] > 3 and told["minutes"] > 0 for told in found["run"]["phases"].values())
    assert {"base", *phases} == set(found["run"]["perplexity"])
    assert set(found["example"]["answers"]) == set(found["distinct"])
    for change in found["changes"]:
        value = change["values"][change["aim"]]
        less = change["aim"] in tasks.terms(task).less
        shown = value["high"] < 0 if less else value["low"] > 0
        assert (change["found"] == "better") == shown
    for figure in ("base_and_tuned", *phases):
        assert (folder / f"{figure}.png").stat().st_size > 5_000


@pytest.mark.skipif("qod" not in PUBLISHED, reason="nothing is published of it yet")
def test_in_the_committed_run_the_examples_beat_the_base_and_the_page_says_what_the_pairs_did():
    found = results.committed("qod")
    learnt, preferred = found["changes"]
    assert learnt["found"] == "better" and learnt["aim"] == "request_score"
    assert preferred["aim"] == "hallucinated_fields"
    (said,) = (note for note in found["notes"] if note.startswith("the phase preference"))
    words = {"better": "as it is to", "worse": "the wrong way", "not shown": "do not tell from no change"}
    assert words[preferred["found"]] in said
    assert f"- {said}\n" in (configs.root() / "docs" / "asking.md").read_text(encoding="utf-8")


def test_a_task_without_published_results_says_so_in_every_block_and_nothing_else():
    page = results.stamped(TWO, "qod", None)
    assert page.count(results.UNMEASURED) == 3 and "theirs <!-- number: qod n -->0" in page
    assert results.stamped(page, "qod", None) == page


def test_a_learning_curve_becomes_a_picture_beside_it_and_what_is_none_is_one_line(tmp_path, capsys):
    file = tmp_path / "curve.json"
    file.write_text('[{"step": 100, "minutes": 1.5, "loss": 4.0}, {"step": 150, "minutes": 2.0, "loss": 2.0}]')
    assert results.main([str(file)]) == 0
    with Image.open(tmp_path / "curve.png") as drawn:
        assert drawn.width > 600 and len(drawn.convert("RGB").getcolors(drawn.width * drawn.height)) > 20
    for broken in ("[]", "{", '[{"step": 1}]', '{"step": 1}'):
        file.write_text(broken)
        assert results.main([str(file)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "no learning curve" in said


def test_the_page_about_nano_tells_the_steps_of_its_curve():
    docs = configs.root() / "docs"
    last = json.loads((docs / "results" / "nano" / "curve.json").read_text())[-1]
    assert f"{last['step']:,} steps" in (docs / "nano.md").read_text() and (docs / "results" / "nano" / "curve.png").is_file()
