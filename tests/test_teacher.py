"""The teacher, driven by the real client against a stand-in Gemini: what PostgreSQL refuses is mended or not kept."""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gemini_server as gemini
import pytest
from PIL import Image, ImageDraw

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Reading, reading
from ghostlib.corpus.records import read_screens
from ghostlib.corpus.teacher import ATTEMPTS, Tally, label
from ghostlib.errors import QuotaError, TeacherError

KEY = "AIzaSy-a-very-secret-key-000000000000001"
SQL = """CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    full_name text NOT NULL,
    email text
);"""
MYSQL = "CREATE TABLE `customers` (`id` INT AUTO_INCREMENT PRIMARY KEY, `full_name` VARCHAR(80), `email` TEXT) ENGINE=InnoDB;"
DANGLING = SQL.replace("email text", "email text,\n    city_id bigint REFERENCES cities (id)")
UNSEEN = SQL.replace("email text", "email text,\n    shoe_size integer")


@dataclass(frozen=True)
class Settings:
    endpoint: str
    model: str = "gemini-3.5-flash-lite"
    requests_per_minute: int = 6000
    timeout: float = 10.0


def said(sql: str = SQL, **changes) -> str:
    labels = [("full_name", "Full name *"), ("email", "Email address")]
    return json.dumps(
        {
            "no_data": False,
            "screen": "Form",
            "domain": "CRM",
            "elements": ["text field", "button"],
            "relationships": [],
            "complexity": "low",
            "sql": sql,
            "labels": [{"table": "customers", "column": column, "text": text} for column, text in labels],
        }
        | changes
    )


def draw(path: Path, title: str) -> Path:
    image = Image.new("RGB", (420, 260), "white")
    pen = ImageDraw.Draw(image)
    for row, words in enumerate([title, "Full name *", "Email address"]):
        pen.text((20, 20 + 60 * row), words, fill="black", font_size=20)
    image.save(path)
    return path


@pytest.fixture(autouse=True)
def one_reading_a_picture(monkeypatch):
    """The real OCR, but once for each of the few pictures that these tests draw."""
    monkeypatch.setattr("ghostlib.corpus.teacher.reading", lambda picture: _read(picture.tobytes(), picture.size))


@lru_cache
def _read(pixels: bytes, size: tuple[int, int]) -> Reading:
    return reading(Image.frombytes("RGB", size, pixels))


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    return [draw(tmp_path / f"{name}.png", f"Edit {name}") for name in ("customer", "supplier")]


@pytest.fixture
def server():
    with gemini.running() as running:
        yield running


@pytest.fixture
def teach(server, tmp_path):
    """Labels with the server's replies; the sleeps land in `teach.slept` instead of passing."""
    slept: list[float] = []

    def run(pictures, *replies: gemini.Reply, out: Path = tmp_path / "data" / "real.json", **settings) -> Tally:
        server.replies = list(replies)
        options = Settings(server.url, **settings)
        return label(pictures, out, settings=options, key=KEY, progress=False, sleep=slept.append)

    run.slept, run.out = slept, tmp_path / "data" / "real.json"
    return run


def test_a_good_answer_becomes_a_record_with_picture_labels_and_reading(teach, server, pictures):
    tally = teach(pictures[:1], gemini.text(said()))
    [record] = read_screens(teach.out)
    assert tally.records == [record] and (tally.calls, tally.tokens) == (1, 1000)
    assert (record.output, record.source, record.screen, record.domain) == (SQL, "teacher", "form", "crm")
    assert record.ui_analysis == {"elements": ["text field", "button"], "relationships": [], "complexity": "low"}
    assert open_picture(teach.out.parent / record.image_path).size == (420, 260)
    email = next(mark for mark in record.labels if mark.column == "email")
    assert abs(email.box[0] - 20) < 10 and abs(email.box[1] - 140) < 12
    asked = server.asked[0]
    assert asked["key"] == KEY and open_picture(asked["picture"]).size == (420, 260)
    assert asked["config"]["responseMimeType"] == "application/json"
    assert not {"temperature", "topP", "topK"} & set(asked["config"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (said(MYSQL), "syntax error"),
        (said(DANGLING), "cities"),
        (said(UNSEEN), "customers.shoe_size"),
        (said("SELECT 1"), "PostgreSQL does not create it"),
        (said()[:200], "no complete JSON"),
        (said(labels="none"), "`labels`"),
        ("I am sorry, I cannot help with that.", "no complete JSON"),
    ],
)
def test_a_wrong_answer_is_mended_by_telling_the_teacher_what_is_wrong(teach, server, pictures, wrong, words):
    tally = teach(pictures[:1], gemini.text(wrong), gemini.text(said()))
    assert [record.output for record in tally.records] == [SQL] and tally.calls == 2
    assert words in server.prompts[1] and words not in server.prompts[0]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (said(MYSQL), "sql"),
        (said(UNSEEN), "visible"),
        ("no", "answer"),
        ("{" * 3000, "answer"),
        ("[1]", "answer"),
    ],
)
def test_an_answer_that_stays_wrong_is_a_reject_with_its_reason_after_two_repairs(teach, pictures, wrong, reason):
    tally = teach(pictures[:1], gemini.text(wrong))
    assert (tally.calls, tally.records, tally.rejects[0].reason) == (3, [], reason)
    [row] = (teach.out.parent / "rejects.jsonl").read_text().splitlines()
    assert json.loads(row)["reason"] == reason and not teach.out.exists()


def test_words_around_the_json_are_overlooked(teach, pictures):
    tally = teach(pictures[:1], gemini.text(f"Sure, here {{it}} is:\n```json\n{said()}\n```\nAnything else?"))
    assert len(tally.records) == 1 and tally.calls == 1


def test_a_blocked_an_empty_and_a_dataless_answer_are_rejects_after_one_call(teach, pictures, tmp_path):
    third = draw(tmp_path / "third.png", "A page of words")
    tally = teach([*pictures, third], gemini.blocked(), gemini.silenced(), gemini.text(said(no_data=True)))
    assert [(reject.reason, reject.detail) for reject in tally.rejects][:2] == [
        ("blocked", "SAFETY"),
        ("blocked", "RECITATION"),
    ]
    assert tally.rejects[2].reason == "no_data" and tally.calls == 3


def test_a_bad_picture_is_refused_before_a_call_is_spent(teach, server, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"%PDF-1.4")
    tally = teach([tmp_path / "bad.png", tmp_path / "missing.png"], gemini.text(said()))
    assert [reject.reason for reject in tally.rejects] == ["picture", "picture"] and not server.asked


def test_a_429_waits_as_long_as_the_server_says_and_others_back_off(teach, pictures):
    tally = teach(pictures[:1], gemini.too_many("37s"), gemini.failure(500), gemini.failure(503), gemini.text(said()))
    assert len(tally.records) == 1 and tally.calls == 4
    waits = [wait for wait in teach.slept if wait > 0.5]
    assert waits[0] == 37.0 and 1.0 <= waits[1] <= 3.0 and 2.0 <= waits[2] <= 6.0


def test_a_page_instead_of_an_answer_is_asked_again(teach, pictures):
    assert len(teach(pictures[:1], gemini.page(), gemini.text(said())).records) == 1


def test_the_days_quota_ends_the_run_with_what_is_done_saved(teach, pictures):
    quota = gemini.too_many(quota="GenerateRequestsPerDayPerProjectPerModel-FreeTier")
    with pytest.raises(QuotaError, match="1 of 2 pictures") as caught:
        teach(pictures, gemini.text(said()), quota)
    assert "\n" not in str(caught.value) and len(read_screens(teach.out)) == 1
    tally = teach(pictures, gemini.text(said()))
    assert (tally.calls, len(read_screens(teach.out))) == (1, 2)


def test_a_second_start_repeats_no_call_and_another_model_asks_anew(teach, server, pictures):
    teach(pictures, gemini.text(said(MYSQL)), gemini.text(said()))
    first, count = teach.out.read_text(), len(server.asked)
    again = teach(pictures, gemini.failure(500))
    assert (again.calls, len(again.records), len(server.asked)) == (0, 2, count) and teach.out.read_text() == first
    assert teach(pictures[:1], gemini.text(said()), model="gemini-3.8-flash").calls == 1


def test_a_damaged_cache_is_asked_again_and_mended(teach, pictures):
    teach(pictures[:1], gemini.text(said()))
    [file] = (teach.out.parent / "real_answers").iterdir()
    file.write_text('{"text": ')
    assert teach(pictures[:1], gemini.text(said())).calls == 1
    assert json.loads(file.read_text())["text"] == said()


def test_a_picture_left_unanswered_is_a_reject_and_asked_again_next_time(teach, pictures):
    tally = teach(pictures[:1], gemini.failure(503))
    assert tally.calls == ATTEMPTS and tally.rejects[0].reason == "unanswered"
    assert len(teach(pictures[:1], gemini.text(said())).records) == 1


def test_a_dead_service_ends_the_run_in_one_line(teach, pictures, tmp_path):
    more = [draw(tmp_path / f"more{number}.png", f"More {number}") for number in range(4)]
    with pytest.raises(TeacherError, match="3 pictures unanswered"):
        teach([*pictures, *more], gemini.failure(500))


def test_a_wrong_key_and_a_model_that_is_gone_end_the_run_without_showing_the_key(teach, pictures):
    with pytest.raises(TeacherError, match="refuses this key") as refused:
        teach(pictures, gemini.failure(400, f"API key not valid: {KEY}"))
    with pytest.raises(TeacherError, match="gemini-now, gemini-next") as gone:
        teach(pictures, gemini.failure(404, "models/x is not found"))
    with pytest.raises(TeacherError, match="400") as other:
        teach(pictures, gemini.failure(400, f"bad request with {KEY}"))
    assert not any(KEY in str(caught.value) for caught in (refused, gone, other))
    with pytest.raises(TeacherError, match="GEMINI_API_KEY"):
        label(pictures, teach.out, settings=Settings(""), key="  ")


def test_the_key_stands_in_no_file_that_a_run_writes(teach, pictures):
    teach(pictures, gemini.text(said(domain=KEY)), gemini.text(KEY + said(sql=KEY)), gemini.failure(500, KEY))
    written = [path for path in teach.out.parent.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not any(KEY.encode() in path.read_bytes() for path in written)


def test_pictures_already_in_the_data_folder_are_named_and_not_copied(teach, pictures):
    shots = teach.out.parent / "shots"
    shots.mkdir(parents=True)
    inside = pictures[0].rename(shots / "customer.png")
    teach([inside], gemini.text(said()))
    assert [record.image_path for record in read_screens(teach.out)] == ["shots/customer.png"]
    assert not (teach.out.parent / "teacher_screenshots").exists()


def test_the_pace_of_the_settings_is_kept_between_calls(teach, pictures):
    teach(pictures, gemini.text(said()), requests_per_minute=10)
    assert any(4.0 < wait <= 6.0 for wait in teach.slept)


def test_the_clients_farewell_is_not_printed():
    code = "import warnings; warnings.simplefilter('always'); from ghostlib.corpus import gemini; gemini._library()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
