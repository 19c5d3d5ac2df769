"""What a run of the teacher is made of: estimates before it, agreement with known truth, words on pictures, the command."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gemini_server as gemini
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lessons import KEY, MYSQL, SQL, draw, said
from terminal import ghost

from ghostlib import config as configs
from ghostlib.config import TeacherSettings
from ghostlib.corpus import records, teacher
from ghostlib.corpus.gemini import refusals
from ghostlib.corpus.gemini.replies import Busy, Refusal
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Line, fingerprint
from ghostlib.corpus.teaching import agreement, briefing, draft, forecast, marks
from ghostlib.corpus.teaching.ledger import Ledger
from ghostlib.errors import DataError, GhostError, QuotaError, TeacherError
from ghostlib.schemas import postgres
from ghostlib.schemas import score as scores

ROOT = configs.root()
DRAWN = records.read_screens(ROOT / "data" / "validation_set" / "dataset.json")


@pytest.fixture
def server():
    with gemini.running() as running:
        yield running


@pytest.fixture
def options(server):
    return TeacherSettings(endpoint=server.url, requests_per_minute=6000, timeout=10.0)


def as_told(screen, output=None):
    """A drawn screen's truth as a teacher would answer with it."""
    elements = [{"label": one.text, "widget": "fact", "column": f"{one.table}.{one.column}"} for one in screen.labels]
    return said(output or screen.output, elements=elements, screen=screen.screen, domain=screen.domain)


def pupils(server, screens, answers):
    """The stand-in answers each screen's picture with its own answer."""
    known = {
        fingerprint(open_picture(records.picture_file(one, ROOT / "data"))): text
        for one, text in zip(screens, answers, strict=True)
    }
    server.answer = lambda asked: gemini.text(known[fingerprint(open_picture(asked["picture"]))])


def without_a_column(screen):
    """The truth of a screen without its last table's last column that nothing else needs, and the answer without it."""
    schema = postgres.check(screen.output)
    table, column = next(
        (table.name, column.name)
        for table in reversed(schema.tables)
        for column in reversed(table.columns)
        if column.type == "text"
        and not any(column.name in (*index.columns,) for index in table.indexes)
        and len(table.columns) > 3
    )
    lines = screen.output.split("\n")
    start = lines.index(f"CREATE TABLE {table} (")
    place = next(n for n in range(start, len(lines)) if lines[n].split()[:1] == [column])
    del lines[place]
    if lines[place].startswith(")"):
        lines[place - 1] = lines[place - 1].rstrip(",")
    left = [one for one in screen.labels if (one.table, one.column) != (table, column)]
    elements = [{"label": one.text, "widget": "fact", "column": f"{one.table}.{one.column}"} for one in left]
    return "\n".join(lines), said("\n".join(lines), elements=elements, screen=screen.screen)


def test_the_agreement_is_the_score_that_planted_errors_are_worth_with_an_interval(server, options, tmp_path):
    screens = agreement.sample(DRAWN, 8)
    wrong, told = without_a_column(screens[0])
    typed = screens[1].output.replace(" text", " integer", 1)
    answers = [told, as_told(screens[1], typed), said(MYSQL), said(no_data=True), *(as_told(one) for one in screens[4:])]
    pupils(server, screens, answers)
    out = tmp_path / "agreement.json"
    made = agreement.measure(screens, out, root=ROOT / "data", settings=options, key=KEY, progress=False)
    truths = [postgres.judge(one.output).schema for one in screens]
    planted = [postgres.judge(wrong).schema, postgres.judge(typed).schema, None, None, *truths[4:]]
    expected = [scores.score(one, truth).schema_score for one, truth in zip(planted, truths, strict=True)]
    assert 0 < expected[0] < 1 and expected[4:] == [1.0] * 4
    value = made.metrics["schema_score"]
    assert value["mean"] == pytest.approx(sum(expected) / 8) and value["low"] < value["mean"] < value["high"]
    assert (made.n, made.reasons, made.unanswered) == (8, {"sql": 1, "no_data": 1}, 0)
    assert made.kept["schema_score"]["mean"] == pytest.approx(sum(expected) / 6)
    written = json.loads(out.read_text())
    assert [row["schema_score"] for row in written["screens"]] == pytest.approx(expected)
    assert "schema_score" in "\n".join(agreement.told(made)) and KEY not in out.read_text()
    calls = len(server.asked)
    again = agreement.measure(screens, out, root=ROOT / "data", settings=options, key=KEY, progress=False)
    assert len(server.asked) == calls == 10 and again.metrics == made.metrics and again.calls == 0
    seen = " ".join(asked["prompt"] for asked in server.asked[:2])
    assert not any(label.text in seen for label in screens[0].labels if len(label.text) > 12)


def test_screens_that_nobody_answered_count_nowhere_and_a_dead_service_ends_it(server, options, tmp_path, monkeypatch):
    monkeypatch.setattr("ghostlib.corpus.teaching.asking.ATTEMPTS", 1)
    screens = agreement.sample(DRAWN, 3)
    pupils(server, screens, map(as_told, screens))
    answer, refused = server.answer, []
    server.answer = lambda asked: refused.append(1) or gemini.failure(503) if len(refused) < 1 else answer(asked)
    made = agreement.measure(screens, tmp_path / "a.json", root=ROOT / "data", settings=options, key=KEY, progress=False)
    assert (made.n, made.unanswered, made.metrics["schema_score"]["mean"]) == (2, 1, 1.0)
    server.answer = lambda asked: gemini.failure(500)
    with pytest.raises(TeacherError, match="3 screens in a row"):
        agreement.measure(screens, tmp_path / "b.json", root=ROOT / "data", settings=options, key=KEY, progress=False)


def test_a_sample_has_every_archetype_before_any_twice_and_is_always_the_same():
    chosen = agreement.sample(DRAWN, 12)
    assert len({screen.screen for screen in chosen}) == min(12, len({screen.screen for screen in DRAWN}))
    assert chosen == agreement.sample(DRAWN, 12) and len(agreement.sample(DRAWN, 10_000)) == len(DRAWN)


def test_a_forecast_asks_nobody_and_says_what_the_run_then_needs(server, options, tmp_path):
    shots = [draw(tmp_path / f"{name}.png", f"Edit {name}") for name in ("customer", "supplier", "driver")]
    (tmp_path / "bad.png").write_bytes(b"no")
    every, out = [*shots, tmp_path / "bad.png"], tmp_path / "data" / "real.json"
    before = forecast.forecast(every, out, settings=options)
    assert (before.least, before.most, before.finished, before.refused) == (3, 9, 0, {"picture": 1})
    assert not before.measured and before.dollars is None and not server.asked and not out.parent.exists()
    assert before.tokens_in == pytest.approx(3 * (forecast.PICTURE + len(briefing.prompt()) / 4), abs=3)
    server.replies = [gemini.text(said()), gemini.text(said(MYSQL)), gemini.text(said()), gemini.a_day_is_over()]
    with pytest.raises(QuotaError):
        teacher.label(shots, out, settings=options, key=KEY, progress=False, sleep=lambda _: None)
    priced = TeacherSettings(endpoint=server.url, price_in=1.0, price_out=2.0, requests_per_minute=2, requests_per_day=1)
    after = forecast.forecast(every, out, settings=priced)
    assert (after.finished, after.least, after.most, after.measured) == (2, 1, 3, True)
    assert (after.tokens_in, after.tokens_out) == (900, 100) and after.minutes == 0.5
    assert after.dollars == pytest.approx((1100 / 1e6, 3300 / 1e6)) and after.days == 2
    told = "\n".join(forecast.told(after, priced.model))
    assert "2 are answered already, 1 to ask" in told and "1 picture" in told and "$0.0011" in told


@given(st.text())
def test_no_answer_whatever_its_text_makes_the_reading_of_it_fail(text):
    assert isinstance(draft.parse(text), draft.Trouble)
    assert isinstance(draft.parse(text + said()), draft.Trouble | draft.Draft)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(draft.FIELDS)), JSON)
def test_any_value_in_any_field_gives_a_draft_or_says_what_is_wrong(name, value):
    found = draft.parse(said(**{name: value}))
    assert isinstance(found, draft.Draft) or (found.words and found.reason in teacher.REASONS)


def test_the_labels_of_drawn_screens_are_found_where_they_stand_and_those_of_another_are_not():
    found = strange = wrong = total = 0
    for screen, other in zip(DRAWN[::4], reversed(DRAWN[::4]), strict=True):
        said_here = " ".join(line.text for line in screen.reading.lines).lower()
        for label in screen.labels:
            box, total = marks.find(label.text, screen.reading.lines), total + 1
            found += box is not None
            wrong += box is not None and abs((box[1] + box[3]) - (label.box[1] + label.box[3])) / 2 > 40
        for label in (one for one in other.labels if one.text.lower() not in said_here and len(one.text) > 3):
            strange += marks.find(label.text, screen.reading.lines) is not None
    assert found >= 0.99 * total and wrong <= 0.1 * total and strange <= 0.15 * total, (found, wrong, strange, total)


def test_a_label_is_found_though_the_ocr_misread_a_letter_and_not_where_only_its_beginning_is():
    lines = [Line("Emai1 address *", (0, 0, 9, 9)), Line("Phone", (0, 20, 9, 29)), Line("Phone number", (0, 40, 9, 49))]
    assert marks.find("Email address", lines) == (0, 0, 9, 9)
    assert marks.find("Phone", lines) == (0, 20, 9, 29) and marks.find("phone number *", lines) == (0, 40, 9, 49)
    assert marks.find("Fax", lines) is None and marks.find(" * ", lines) is None and marks.find("x", []) is None


@pytest.mark.parametrize(
    ("details", "delay"),
    [
        ((), None),
        (({"retryDelay": "37s"},), 37.0),
        (({"retryDelay": "0.25s"},), 0.25),
        (({"retryDelay": "soon"},), None),
        (({"retryDelay": "-3s"},), None),
        (({"retryDelay": "nans"},), None),
        (("text", {"violations": None}, {"violations": ["x"]}), None),
        (({"violations": [{"quotaId": "PerMinute"}]}, {"retryDelay": "2s"}), 2.0),
    ],
)
def test_a_429_says_how_long_to_wait(details, delay):
    assert refusals.meaning(Refusal(429, "x", details), "m", KEY, list) == Busy("429 too many requests", delay)


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2031, 1, 1)))
def test_the_day_of_the_quota_is_the_pacific_one_and_holds_the_moment(moment):
    now = moment.replace(tzinfo=UTC)
    began = refusals.day(now)
    assert began <= now < began + timedelta(days=1, hours=1)
    assert began.astimezone(UTC).hour in (7, 8) and "(in " in refusals.tomorrow(now)


@given(st.lists(st.floats(min_value=0, max_value=500), min_size=1, max_size=12), st.integers(1, 60))
def test_no_two_calls_are_nearer_than_the_pace_and_no_wait_is_longer_than_it_needs(gaps, pace):
    ledger = Ledger(Path("nowhere"), TeacherSettings(requests_per_minute=pace))
    now = datetime.now(UTC)
    for gap in gaps:
        waited = ledger.wait(now)
        assert 0 <= waited <= 60 / pace
        asked = now + timedelta(seconds=waited)
        assert ledger.last is None or (asked - ledger.last).total_seconds() >= 60 / pace - 1e-5
        ledger.last, now = asked, asked + timedelta(seconds=gap)
    assert math.isfinite(ledger.wait(now))


def test_a_clock_that_was_put_back_makes_nobody_wait_for_hours():
    ledger = Ledger(Path("nowhere"), TeacherSettings(requests_per_minute=10))
    ledger.last = datetime.now(UTC) + timedelta(days=1)
    assert ledger.wait(datetime.now(UTC)) == 6.0


def test_the_command_tells_the_price_then_labels_then_has_nothing_left_to_ask(capsys, server, tmp_path, monkeypatch):
    draw(tmp_path / "a.png", "Edit customer")
    words = (
        "teach",
        str(tmp_path),
        "--out",
        str(tmp_path / "out" / "real.json"),
        "--profile",
        "nano",
        "--model",
        "gemini-next",
    )
    words += ("--set", f"teacher.endpoint={server.url}")
    server.replies = [gemini.text(said())]
    code, out, _ = ghost(capsys, *words, "--dry-run")
    assert code == 0 and "1 calls of gemini-next, at most 3 with repairs" in out and not server.asked
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    code, out, err = ghost(capsys, *words)
    assert (
        code == 0 and "1 of 1 pictures" in out and "900 tokens in, 100 out" in out and server.asked[0]["model"] == "gemini-next"
    )
    assert KEY not in out + err
    code, out, _ = ghost(capsys, *words, "--json")
    assert json.loads(out)["calls"] == 0 and json.loads(out)["records"] == 1
    assert json.loads(ghost(capsys, *words, "--dry-run", "--json")[1])["least"] == 0
    server.replies = [gemini.failure(404, "is not found")]
    code, _, err = ghost(capsys, *words, "--model", "gemini-gone")
    assert code == 2 and "gemini-now, gemini-next" in err and err.strip().count("\n") <= 1


def test_the_command_measures_on_the_drawn_screens(capsys, server, tmp_path, monkeypatch):
    chosen = agreement.sample(DRAWN, 2, seed=configs.load("nano").seed)
    pupils(server, chosen, map(as_told, chosen))
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    words = ("teach", "--measure", "--limit", "2", "--out", str(tmp_path / "m.json"), "--profile", "nano")
    code, out, _ = ghost(capsys, *words, "--set", f"teacher.endpoint={server.url}", "--json")
    assert code == 0 and json.loads(out)["metrics"]["schema_score"]["mean"] == 1.0 and json.loads(out)["n"] == 2


def test_used_wrongly_it_is_one_line(capsys, tmp_path, monkeypatch):
    words = ("--out", str(tmp_path / "x.json"), "--profile", "nano")
    assert "Gemini key" in ghost(capsys, "teach", str(tmp_path), *words)[2]
    assert "holds no picture" in ghost(capsys, "teach", str(tmp_path), *words, "--dry-run")[2]
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    assert "name a folder" in ghost(capsys, "teach", *words)[2]
    with pytest.raises(GhostError, match="teacher.sdk"):
        configs.load("nano", overrides=["teacher.sdk=google-geni"])
    broken = records.Screen("ui_screenshots/none.png", output="CREATE TABLE a (b foo);")
    with pytest.raises(DataError, match="truth does not create"):
        agreement.measure(
            [broken], tmp_path / "m.json", root=ROOT / "data", settings=TeacherSettings(), key=KEY, progress=False
        )
    assert SQL
