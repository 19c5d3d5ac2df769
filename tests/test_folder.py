"""Many screenshots: one line each, gone on with after a kill, the next one read while one is answered."""

import json
import threading
import time

import pytest
from exporting import screen

from ghostlib import config
from ghostlib.errors import DataError, PictureError, ToolError
from ghostlib.inference import folder
from ghostlib.inference.backends import Backend
from ghostlib.inference.predict import Wishes
from ghostlib.models.generate import Answer

SQL = "CREATE TABLE tags (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL\n);"


@pytest.fixture(scope="module")
def settings():
    return config.load("nano", overrides=["data.reading=none"])


class Speaker:
    """A model that always says the same, and what it was asked."""

    def __init__(self, text=SQL, name="one", stop_at=None):
        self.asked, self.text, self.name, self.stop_at = [], text, name, stop_at

    def backend(self):
        return Backend("gguf", self.name, True, self.ask)

    def ask(self, example, held):
        if self.stop_at is not None and len(self.asked) == self.stop_at:
            raise KeyboardInterrupt
        self.asked.append((example.id, held))
        return Answer(self.text, 0.5, 0.0, 9)


@pytest.fixture
def pictures(tmp_path):
    place = tmp_path / "shots"
    place.mkdir()
    return [screen(place, number) for number in range(4)]


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_every_picture_is_a_line_in_the_shape_of_predict_and_a_second_run_asks_nothing(settings, pictures, tmp_path):
    out, speaker = tmp_path / "deep" / "a.jsonl", Speaker()
    first = folder.run(pictures, out, speaker.backend(), settings, progress=False)
    assert (first.asked, first.valid, first.kept, first.failed) == (4, 4, 0, ())
    assert [row["image"] for row in rows(out)] == [str(file) for file in pictures]
    assert all(row["valid"] and row["sql"] == SQL for row in rows(out))
    second = folder.run(pictures, out, speaker.backend(), settings, progress=False)
    assert (second.asked, second.valid, second.kept) == (0, 4, 4) and len(speaker.asked) == 4
    assert len(rows(out)) == 4


def test_after_ctrl_c_what_was_answered_is_kept_and_the_rest_is_asked(settings, pictures, tmp_path):
    out, speaker = tmp_path / "a.jsonl", Speaker(stop_at=2)
    with pytest.raises(KeyboardInterrupt):
        folder.run(pictures, out, speaker.backend(), settings, progress=False)
    assert len(rows(out)) == 2
    with out.open("a") as file:
        file.write('{"image": "half a li')  # as a kill leaves it
    again = Speaker()
    found = folder.run(pictures, out, again.backend(), settings, progress=False)
    assert (found.asked, found.kept) == (2, 2) and [name for name, _ in again.asked] == [str(file) for file in pictures[2:]]
    assert sorted(row["image"] for row in rows(out)) == [str(file) for file in pictures]


def test_another_picture_another_model_and_another_wish_are_asked_again(settings, pictures, tmp_path):
    out = tmp_path / "a.jsonl"
    folder.run(pictures[:1], out, Speaker().backend(), settings, progress=False)
    assert folder.run(pictures[:1], out, Speaker(name="two").backend(), settings, progress=False).asked == 1
    assert folder.run(pictures[:1], out, Speaker().backend(), settings, Wishes(grammar=False), progress=False).asked == 1
    pictures[0].write_bytes(pictures[1].read_bytes())
    assert folder.run(pictures[:1], out, Speaker().backend(), settings, progress=False).asked == 1


def test_a_broken_picture_is_told_and_the_others_are_answered_and_it_is_tried_again(settings, pictures, tmp_path):
    good = pictures[1].read_bytes()
    pictures[1].write_bytes(b"%PDF-1.7")
    out, speaker = tmp_path / "a.jsonl", Speaker()
    found = folder.run(pictures, out, speaker.backend(), settings, progress=False)
    assert (found.asked, found.valid) == (3, 3) and len(found.failed) == 1 and "PDF" in found.failed[0]
    assert [row["image"] for row in rows(out) if "error" in row] == [str(pictures[1])]
    pictures[1].write_bytes(good)
    assert folder.run(pictures, out, speaker.backend(), settings, progress=False).kept == 3
    assert not [row for row in rows(out) if "error" in row]


def test_a_backend_that_is_gone_ends_the_run_and_is_no_fault_of_the_pictures(settings, pictures, tmp_path):
    def gone(example, held):
        raise ToolError("Ollama does not answer")

    with pytest.raises(ToolError):
        folder.run(pictures, tmp_path / "a.jsonl", Backend("ollama", "x", False, gone), settings, progress=False)
    assert rows(tmp_path / "a.jsonl") == []


@pytest.mark.parametrize("content", ["hello\nworld\n", '{"prediction": "x"}\n{"id": 3}\n', "[1]\n[2]\n"])
def test_a_file_of_something_else_is_never_written_over(settings, pictures, tmp_path, content):
    out = tmp_path / "notes.jsonl"
    out.write_text(content)
    with pytest.raises(DataError, match="--out"):
        folder.run(pictures, out, Speaker().backend(), settings, progress=False)
    assert out.read_text() == content


def test_the_next_picture_is_read_while_one_is_answered(monkeypatch, settings, pictures):
    from ghostlib.tasks import ui2sql

    seen, read = [], threading.Event()
    whole = ui2sql.ask

    def noted(settings, image):
        seen.append(image)
        if len(seen) == 2:
            read.set()
        return whole(settings, image)

    monkeypatch.setattr(ui2sql, "ask", noted)
    waited = []

    def ask(example, held):
        if not waited:
            waited.append(read.wait(10))  # it ends only because the second picture is read meanwhile
        return Answer(SQL, 0.5, 0.0, 9)

    told = list(folder.stream(pictures, Backend("gguf", "x", True, ask), settings))
    assert waited == [True] and [image for image, _ in told] == pictures


def test_the_judges_server_starts_while_the_first_picture_is_read(monkeypatch, settings, pictures):
    from ghostlib.schemas import server
    from ghostlib.tasks import ui2sql

    leased, waited, whole, lease = threading.Event(), [], ui2sql.ask, server.lease
    monkeypatch.setattr(server, "lease", lambda **options: leased.set() or lease(**options))
    monkeypatch.setattr(ui2sql, "ask", lambda settings, image: waited.append(leased.wait(10)) or whole(settings, image))
    next(folder.stream(pictures[:1], Speaker().backend(), settings))
    assert waited == [True]


def test_as_many_pictures_are_read_ahead_as_read_at_once_and_not_the_whole_folder(monkeypatch, settings, pictures):
    from ghostlib.tasks import ui2sql

    monkeypatch.setattr(folder, "MOST_READERS", 2)

    seen, whole = [], ui2sql.ask
    monkeypatch.setattr(ui2sql, "ask", lambda settings, image: seen.append(image) or whole(settings, image))
    running = folder.stream(pictures, Speaker().backend(), settings)
    next(running)
    time.sleep(0.2)
    assert len(pictures) > 3 >= len(seen)
    running.close()


def test_folders_patterns_and_files_are_named_once_in_order(pictures, tmp_path):
    place = pictures[0].parent
    assert folder.named([str(place)]) == pictures == folder.named([f"{place}/*.png"])
    assert folder.named([str(pictures[2]), str(place)]) == [pictures[2], *pictures[:2], pictures[3]]
    for wrong in (str(tmp_path / "*.gif"), str(tmp_path)):
        with pytest.raises(PictureError) as caught:
            folder.named([wrong])
        assert "\n" not in str(caught.value)
    odd = tmp_path / "odd [1].png"
    odd.write_bytes(pictures[0].read_bytes())
    assert folder.named([str(odd)]) == [odd]
