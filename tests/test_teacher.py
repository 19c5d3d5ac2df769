"""The teacher, driven by the real clients against a stand-in Gemini: what PostgreSQL refuses is mended or not kept."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import gemini_server as gemini
import pytest
from lessons import DANGLING, KEY, MYSQL, SQL, UNSEEN, draw, said
from PIL import Image

from ghostlib.config import TeacherSettings
from ghostlib.corpus import teacher
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Reading, reading
from ghostlib.corpus.records import read_screens
from ghostlib.corpus.screens import rules
from ghostlib.corpus.teacher import ATTEMPTS, REASONS, Tally, label
from ghostlib.corpus.teaching import briefing
from ghostlib.errors import QuotaError, TeacherError

SDKS = ("google-generativeai", "google-genai")


@pytest.fixture(autouse=True)
def one_reading_a_picture(monkeypatch):
    """The real OCR, but once for each of the few pictures that these tests draw."""
    monkeypatch.setattr("ghostlib.corpus.teacher.reading", lambda picture: _read(picture.tobytes(), picture.size))


@lru_cache
def _read(pixels: bytes, size: tuple[int, int]) -> Reading:
    return reading(Image.frombytes("RGB", size, pixels))


def reading_of(file: Path) -> Reading:
    picture = Image.open(file)
    return _read(picture.tobytes(), picture.size)


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    return [draw(tmp_path / f"{name}.png", f"Edit {name}") for name in ("customer", "supplier")]


@pytest.fixture
def server():
    with gemini.running() as running:
        yield running


@pytest.fixture(params=SDKS)
def sdk(request):
    return request.param


@pytest.fixture
def teach(server, tmp_path):
    """Labels with the server's replies; the sleeps land in `teach.slept` instead of passing."""
    slept: list[float] = []

    def run(pictures, *replies: gemini.Reply, out: Path = tmp_path / "data" / "real.json", **settings) -> Tally:
        server.replies = list(replies)
        options = TeacherSettings(**{"endpoint": server.url, "requests_per_minute": 6000, "timeout": 10.0} | settings)
        return label(pictures, out, settings=options, key=KEY, progress=False, sleep=slept.append)

    run.slept, run.out = slept, tmp_path / "data" / "real.json"
    return run


def test_the_prompt_says_every_rule_of_the_document_and_fits_the_answers_shape():
    told = briefing.prompt()
    document = rules.document()
    for rule in rules.RULES:
        assert rule.title in told and rule.words in told and rule.words in document
    for line in rules.TAIL.strip().splitlines()[1:]:
        assert line in told
    assert all(f"- {name}:" in told for name in briefing.shape()["required"])
    assert len(told) < 16_000  # characters: about 4,000 tokens with every picture
    assert set(re.findall(r"rule (\d+)", told)) <= {str(number + 1) for number in range(len(rules.RULES))}


def test_a_good_answer_becomes_a_record_with_picture_labels_and_reading(teach, server, pictures, sdk):
    tally = teach(pictures[:1], gemini.text(said()), sdk=sdk)
    [record] = read_screens(teach.out)
    assert tally.records == [record] and (tally.calls, tally.tokens) == (1, 1000)
    assert (record.output, record.source, record.screen, record.domain) == (SQL, "teacher", "form", "crm")
    assert record.ui_analysis["elements"][0] == {
        "label": "Full name *",
        "widget": "text input",
        "column": "customers.full_name",
    }
    assert (record.ui_analysis["relationships"], record.ui_analysis["complexity"]) == ([], "low")
    assert open_picture(teach.out.parent / record.image_path).size == (420, 260)
    email = next(mark for mark in record.labels if mark.column == "email")
    assert abs(email.box[0] - 20) < 10 and abs(email.box[1] - 140) < 12
    asked = server.asked[0]
    assert asked["key"] == KEY and open_picture(asked["picture"]).size == (420, 260)
    assert asked["config"]["responseMimeType"] == "application/json" and asked["prompt"] == briefing.prompt()
    assert not {"temperature", "topP", "topK"} & set(asked["config"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (said(MYSQL), "syntax error"),
        (said(DANGLING), "cities"),
        (said(UNSEEN), "customers.shoe_size"),
        (said(UNSEEN, ("shoe_size", "Shoe size")), "the screen does not say 'Shoe size'"),
        (said(SQL, ("phone", "Email address")), "customers.phone, which the schema lacks"),
        (said("SET FOREIGN_KEY_CHECKS = 0;\n" + SQL), "MySQL's"),
        (said("SELECT 1"), "PostgreSQL does not create it"),
        (said("CREATE TABLE a ();"), "a has no columns"),
        (said()[:200], "no complete JSON"),
        (said(elements="none"), "`elements`"),
        (said(elements=[{"label": 1}]), "`elements`"),
        (said(complexity="huge"), "`complexity`"),
        ("I am sorry, I cannot help with that.", "no complete JSON"),
        ("x" * 300_000, "more than 200,000"),
    ],
)
def test_a_wrong_answer_is_mended_by_telling_the_teacher_what_is_wrong(teach, server, pictures, wrong, words):
    tally = teach(pictures[:1], gemini.text(wrong), gemini.text(said()))
    assert [record.output for record in tally.records] == [SQL] and tally.calls == 2
    assert words in server.prompts[1] and words not in server.prompts[0]
    assert server.prompts[1].startswith(briefing.prompt())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (said(MYSQL), "sql"),
        (said(UNSEEN), "visible"),
        (said(SQL, ("phone", "Email address")), "columns"),
        (said("SET FOREIGN_KEY_CHECKS = 0;\n" + SQL), "dialect"),
        ("no", "answer"),
        ("{" * 3000, "answer"),
        ("[1]", "answer"),
        ('{"a": ' * 5000, "answer"),
    ],
)
def test_an_answer_that_stays_wrong_is_a_reject_with_its_reason_after_two_repairs(teach, pictures, wrong, reason):
    tally = teach(pictures[:1], gemini.text(wrong))
    assert (tally.calls, tally.records, tally.rejects[0].reason) == (3, [], reason)
    [row] = (teach.out.parent / "rejects.jsonl").read_text().splitlines()
    assert json.loads(row)["reason"] == reason and not teach.out.exists()
    assert reason in REASONS and tally.reasons == {reason: 1}


def test_words_around_the_json_are_overlooked(teach, pictures):
    tally = teach(pictures[:1], gemini.text(f"Sure, here {{it}} is:\n```json\n{said()}\n```\nAnything else?"))
    assert len(tally.records) == 1 and tally.calls == 1


def test_letters_that_no_file_can_hold_do_no_harm(teach, pictures):
    tally = teach(pictures[:1], gemini.text(said(domain="c\ud800r\x00m\n")))
    assert [record.domain for record in tally.records] == ["c r m"] and len(read_screens(teach.out)) == 1


def test_a_blocked_an_empty_and_a_dataless_answer_are_rejects_after_one_call(teach, pictures, tmp_path, sdk):
    third = draw(tmp_path / "third.png", "A page of words")
    tally = teach([*pictures, third], gemini.blocked(), gemini.silenced(), gemini.text(said(no_data=True)), sdk=sdk)
    assert [(reject.reason, reject.detail) for reject in tally.rejects][:2] == [
        ("blocked", "SAFETY"),
        ("blocked", "RECITATION"),
    ]
    assert tally.rejects[2].reason == "no_data" and tally.calls == 3


def test_a_page_that_sells_is_a_reject_though_its_answer_is_good(teach, tmp_path):
    shop = draw(tmp_path / "shop.png", "Sign up free", "Book a demo", "See pricing", "Full name *", "Email address")
    tally = teach([shop], gemini.text(said()))
    assert (tally.rejects[0].reason, tally.calls) == ("stub", 1)


def test_bad_pictures_and_twins_are_refused_before_a_call_is_spent(teach, server, pictures, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"%PDF-1.4")
    (tmp_path / "cut.png").write_bytes(pictures[0].read_bytes()[:300])
    Image.new("RGB", (400, 300), "white").save(tmp_path / "blank.png")
    draw(tmp_path / "tiny.png", "x").write_bytes(b"") or Image.new("RGB", (90, 20), "red").save(tmp_path / "tiny.png")
    bad = [tmp_path / f"{name}.png" for name in ("bad", "cut", "blank", "tiny", "missing")]
    Image.open(pictures[0]).save(tmp_path / "again.bmp")
    tally = teach([*bad, pictures[0], tmp_path / "again.bmp"], gemini.text(said()))
    assert [reject.reason for reject in tally.rejects] == ["picture"] * 5 + ["twin"]
    assert len(server.asked) == 1 and len(tally.records) == 1


def test_a_429_waits_as_long_as_the_server_says_and_others_back_off(teach, pictures, sdk):
    busy = gemini.too_many("37s"), gemini.too_many(), gemini.failure(500), gemini.failure(503), gemini.text(said())
    tally = teach(pictures[:1], *busy, sdk=sdk)
    assert len(tally.records) == 1 and tally.calls == 5
    waits = [wait for wait in teach.slept if wait > 0.4]
    assert waits[0] == 37.0 and [low <= wait <= 3 * low for wait, low in zip(waits[1:], (1.0, 2.0, 4.0), strict=True)]


@pytest.mark.parametrize(
    "bad",
    [
        gemini.page(),
        gemini.page(502),
        gemini.dropped(),
        gemini.halved(gemini.text(said())),
        gemini.Reply(200, "application/json", b""),
        gemini.Reply(200, "application/json", b"[]"),
        gemini.Reply(200, "text/plain", gemini.text(said()).body[:90]),
        gemini.Reply(200, "application/json", b'{"candidates": "none"}'),
    ],
    ids=["page", "502 page", "dropped", "half", "empty", "list", "cut JSON", "strange JSON"],
)
def test_what_is_no_answer_is_asked_again(teach, pictures, bad, sdk):
    tally = teach(pictures[:1], bad, gemini.text(said()), sdk=sdk)
    assert len(tally.records) == 1 and tally.calls == 2


def test_an_answer_that_drips_is_given_up_at_the_deadline(teach, pictures, sdk):
    drip = gemini.dripping(gemini.text(said()), 0.02)  # each byte in time, the whole in half a minute
    tally = teach(pictures[:1], drip, gemini.text(said()), sdk=sdk, timeout=1.0)
    assert len(tally.records) == 1 and tally.calls == 2


def test_50_megabytes_are_an_answer_that_is_too_long_and_are_not_kept(teach, pictures, sdk):
    tally = teach(pictures[:1], gemini.enormous(), gemini.text(said()), sdk=sdk)
    assert len(tally.records) == 1 and tally.calls == 2
    assert max(file.stat().st_size for file in teach.out.parent.rglob("*.json")) < 1_000_000


def test_the_days_quota_ends_the_run_with_what_is_done_saved_and_the_time_to_come_back(teach, pictures, sdk):
    with pytest.raises(QuotaError, match="1 of 2 pictures") as caught:
        teach(pictures, gemini.text(said()), gemini.a_day_is_over(), sdk=sdk)
    told = str(caught.value)
    assert (
        "\n" not in told and "of 250 requests" in told and re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d \(in [\d.]+ h\)", told)
    )
    assert len(read_screens(teach.out)) == 1
    tally = teach(pictures, gemini.text(said()), sdk=sdk)
    assert (tally.calls, len(read_screens(teach.out))) == (1, 2)


def test_a_wait_of_hours_is_not_slept_but_told(teach, pictures):
    with pytest.raises(QuotaError, match="used up until"):
        teach(pictures, gemini.too_many("7200s"))
    assert not [wait for wait in teach.slept if wait > 1]


def test_the_days_own_limit_counts_the_calls_of_earlier_runs_and_the_day_ends(teach, server, pictures, tmp_path, monkeypatch):
    more = [draw(tmp_path / f"more{number}.png", f"More {number}") for number in range(2)]
    monkeypatch.setattr(teacher, "reading", lambda picture: reading_of(pictures[0]))
    teach(pictures, gemini.text(said()), requests_per_day=3)
    with pytest.raises(QuotaError, match="the 3 calls that teacher.requests_per_day allows") as caught:
        teach([*pictures, *more], gemini.text(said()), requests_per_day=3)
    assert "3 of 4 pictures" in str(caught.value) and len(server.asked) == 3
    calls = teach.out.with_name("real_answers") / "calls.jsonl"
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    calls.write_text(
        re.sub(r'"asked": "[^"]+"', f'"asked": "{yesterday}"', calls.read_text()) + '\n{"asked": 7}\nnonsense\n[]\n'
    )
    assert teach([*pictures, *more], gemini.text(said()), requests_per_day=3).calls == 1


def test_a_second_start_repeats_no_call_and_another_model_asks_anew(teach, server, pictures):
    teach(pictures, gemini.text(said(MYSQL)), gemini.text(said()))
    first, count = teach.out.read_text(), len(server.asked)
    again = teach(pictures, gemini.failure(500))
    assert (again.calls, len(again.records), len(server.asked)) == (0, 2, count) and teach.out.read_text() == first
    assert teach(pictures[:1], gemini.text(said()), model="gemini-3.8-flash").calls == 1
    assert teach(pictures, gemini.failure(500), sdk="google-genai").calls == 0


@pytest.mark.parametrize("damage", [b'{"text": ', b"", b"[]", b'{"text": 7}', b'{"text": "x", "more": 1}', b"\xff\xfe"])
def test_a_damaged_cache_is_asked_again_and_mended(teach, pictures, damage):
    teach(pictures[:1], gemini.text(said()))
    [file] = teach.out.with_name("real_answers").glob("*.json")
    file.write_bytes(damage)
    assert teach(pictures[:1], gemini.text(said())).calls == 1
    assert json.loads(file.read_text())["text"] == said()


def test_a_picture_left_unanswered_is_a_reject_and_asked_again_next_time(teach, pictures):
    tally = teach(pictures[:1], gemini.failure(503))
    assert tally.calls == ATTEMPTS and tally.rejects[0].reason == "unanswered"
    assert len(teach(pictures[:1], gemini.text(said())).records) == 1


def test_a_dead_service_ends_the_run_in_one_line(teach, pictures, tmp_path, sdk):
    more = [draw(tmp_path / f"more{number}.png", f"More {number}") for number in range(4)]
    with pytest.raises(TeacherError, match="3 pictures in a row unanswered"):
        teach([*pictures, *more], gemini.failure(500), sdk=sdk)
    with pytest.raises(TeacherError, match="connection failed"):
        teach([*pictures, *more], gemini.failure(500), sdk=sdk, endpoint="http://127.0.0.1:9")


def test_a_wrong_key_and_a_model_that_is_gone_end_the_run_without_showing_the_key(teach, pictures, sdk):
    with pytest.raises(TeacherError, match="refuses this key") as refused:
        teach(pictures, gemini.failure(400, f"API key not valid: {KEY}"), sdk=sdk)
    with pytest.raises(TeacherError, match="there are: gemini-now, gemini-next. Set") as gone:
        teach(pictures, gemini.failure(404, "models/x is not found"), sdk=sdk)
    with pytest.raises(TeacherError, match="400") as other:
        teach(pictures, gemini.failure(400, f"bad request with {KEY}"), sdk=sdk)
    assert not any(KEY in str(caught.value) for caught in (refused, gone, other))


@pytest.mark.parametrize("key", ["  ", "2short", "two words in it", "ключ-ключ-ключ", "new\nline-in-the-key", "\x7f" * 40])
def test_what_cannot_be_a_key_is_said_in_one_line_without_it(teach, pictures, key):
    with pytest.raises(TeacherError, match="GEMINI_API_KEY") as caught:
        label(pictures, teach.out, settings=TeacherSettings(), key=key)
    assert not key.strip() or (key not in str(caught.value) and "\n" not in str(caught.value))


def test_the_key_stands_in_no_file_that_a_run_writes_and_in_nothing_that_it_says(teach, pictures, capfd, sdk, tmp_path):
    more = [draw(tmp_path / f"more{number}.png", f"More {number}") for number in range(2)]
    replies = gemini.text(said(domain=KEY)), gemini.text(KEY + said(sql=KEY)), gemini.failure(500, KEY), gemini.text(KEY)
    teach([*pictures, *more], *replies, sdk=sdk)
    written = [path for path in teach.out.parent.rglob("*") if path.is_file()]
    assert len(written) >= 6
    assert not any(KEY.encode() in path.read_bytes() for path in written)
    assert KEY not in "".join(capfd.readouterr()) and "***" in teach.out.read_text()


def test_one_label_on_too_many_pictures_is_no_dataset_whoever_wrote_it(teach, tmp_path, monkeypatch):
    monkeypatch.setattr("ghostlib.corpus.quality.labels.FEW", 5)
    known = draw(tmp_path / "known.png", "Number")
    monkeypatch.setattr(teacher, "reading", lambda picture: reading_of(known))  # the same words on all of them
    shots = [draw(tmp_path / f"shot{number}.png", f"Number {number}") for number in range(6)]
    tally = teach(shots, gemini.text(said()))
    assert tally.reasons == {"collapse": 6} and read_screens(teach.out) == []
    assert {reject.picture for reject in tally.rejects} == set(map(str, shots))


def test_pictures_already_in_the_data_folder_are_named_and_not_copied(teach, pictures):
    shots = teach.out.parent / "shots"
    shots.mkdir(parents=True)
    inside = pictures[0].rename(shots / "customer.png")
    strange = pictures[1].rename(shots / "at 10:30.png")  # no record can name it
    teach([inside, strange], gemini.text(said()))
    named = [record.image_path for record in read_screens(teach.out)]
    assert named[0] == "shots/customer.png" and named[1].startswith("teacher_screenshots/")


def test_the_pace_of_the_settings_is_kept_between_calls_and_across_starts(teach, pictures):
    teach(pictures, gemini.text(said()), requests_per_minute=10)
    assert any(4.0 < wait <= 6.0 for wait in teach.slept)
    teach.slept.clear()
    teach(pictures[:1], gemini.text(said()), requests_per_minute=10, model="gemini-3.8-flash")
    assert not [wait for wait in teach.slept if wait > 1]  # another model has a quota of its own
    teach.out.with_name("real_answers").joinpath("x").touch()
    [file.unlink() for file in teach.out.with_name("real_answers").glob("*.json")]
    teach(pictures[:1], gemini.text(said()), requests_per_minute=10)
    assert any(1.0 < wait <= 6.0 for wait in teach.slept)


def test_tokens_are_counted_with_the_thinking_and_cost_what_the_prices_say(teach, pictures, sdk):
    reply = gemini.text(said(), thoughts=250)
    tally = teach(pictures, reply, sdk=sdk, price_in=2.0, price_out=10.0)
    assert (tally.spent.tokens_in, tally.spent.tokens_out) == (1800, 700)
    assert tally.spent.dollars == pytest.approx((1800 * 2 + 700 * 10) / 1e6)
    assert teach(pictures, reply, sdk=sdk).spent.dollars == 0


def test_ctrl_c_loses_nothing(teach, pictures, monkeypatch):
    examined = teacher.examine

    def stop(text, read):
        if len(stopped) == 1:
            raise KeyboardInterrupt
        stopped.append(1)
        return examined(text, read)

    stopped: list[int] = []
    monkeypatch.setattr(teacher, "examine", stop)
    with pytest.raises(KeyboardInterrupt):
        teach(pictures, gemini.text(said()))
    assert len(read_screens(teach.out)) == 1
    monkeypatch.setattr(teacher, "examine", examined)
    assert teach(pictures, gemini.failure(500)).calls == 0 and len(read_screens(teach.out)) == 2
