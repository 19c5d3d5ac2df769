"""What the docs quote of a run: markers filled from the metrics, and one answer as a picture."""

import pytest
from PIL import Image

from ghostlib import results
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.tasks import ui2sql

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
    page = results.stamped(PAGE, metrics())
    assert "<!-- number: ui2sql tuned.schema_score.mean -->0.75<!-- /number -->" in page
    assert "<!-- number: ui2sql n -->28<!-- /number -->" in page
    assert "| schema score | 0.20 (0.10 to 0.30) | 0.75 (0.65 to 0.85) | 0.40 (0.30 to 0.50) |" in page
    assert "an old" not in page
    assert page.startswith("# A page\n") and page.endswith("\n\nAfter it.\n")


def test_a_metric_that_was_not_measured_has_no_row():
    page = results.stamped(PAGE, metrics())
    assert "column f1" not in page and "foreign key" not in page
    assert page.count("\n| ") == 4  # the head and three metrics


def test_stamping_twice_changes_nothing_and_new_numbers_replace_old_ones():
    once = results.stamped(PAGE, metrics())
    assert results.stamped(once, metrics()) == once
    assert results.stamped(once, metrics(0.5)) == results.stamped(PAGE, metrics(0.5)) != once


def test_a_page_without_markers_stays_as_it_is():
    assert results.stamped("nothing here\n", metrics()) == "nothing here\n"


def test_a_number_that_no_metric_has_is_an_error_and_not_an_empty_place():
    with pytest.raises(KeyError):
        results.stamped("<!-- number: ui2sql tuned.beauty.mean -->1<!-- /number -->", metrics())


@pytest.mark.parametrize("sql", [GOOD, "CREATE TABLE tags (", "", "; DROP <b>\n" * 60])
def test_an_answer_becomes_a_picture_whether_postgresql_accepts_it_or_not(sql, tmp_path):
    file = tmp_path / "screen.png"
    Image.new("RGB", (320, 200), "navy").save(file)
    made = results.example(row(sql, file))
    assert made.width > 1500 and made.height > 20 * len(sql.splitlines())
    assert len(made.getcolors(256)) > 2  # something is drawn


def test_an_answer_without_a_screenshot_becomes_a_picture_too():
    assert results.example(row(GOOD)).height > 400
