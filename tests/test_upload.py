"""Uploads in Jupyter (ipywidgets 7 and 8), in Colab, and without anybody at the keys."""

import base64
import os
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from ghostlib import config as configs
from ghostlib import upload
from ghostlib.inference.predict import Prediction

ROOT = Path(__file__).resolve().parents[1]
STANDIN = Path(__file__).parent / "colab_standin"
Told = namedtuple("Told", "sql size")
LATELY = datetime(2026, 11, 1, tzinfo=UTC)
OLD = "ipywidgets==7.7.1"  # Colab's
IN_OLD_JUPYTER = """\
import ipywidgets
from ghostlib import config, upload
assert ipywidgets.__version__ == "7.7.1", ipywidgets.__version__
asked = []
upload.answer = lambda content, name, settings: asked.append((name, content, settings.profile))
box = upload.widget(config.load("nano"))
button, below = box.children
facts = {"name": "a.png", "type": "image/png", "size": 3, "lastModified": 1}
button.set_trait("value", {"a.png": {"metadata": facts, "content": b"abc"}})
button.set_trait("value", {"b.png": {"metadata": facts, "content": b"def"}})
print(asked)
"""


@pytest.fixture(scope="module")
def settings():
    return configs.load("nano")


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "chosen" / "my screen <b>.png"
    file.parent.mkdir()
    Image.new("RGB", (64, 48), "white").save(file)
    return file


@pytest.fixture
def shown(monkeypatch):
    """Predictions are made of nothing; what would be displayed stands in the list."""
    found = []
    monkeypatch.setattr(upload.show, "prediction", lambda made, content: found.append((made, content)))
    monkeypatch.setattr(upload.show, "download", lambda sql, name: None)
    monkeypatch.setattr(upload.predict, "predict", lambda content, config: Told("answer", len(content)))
    return found


@pytest.fixture
def colab(monkeypatch, picture):
    monkeypatch.syspath_prepend(str(STANDIN))
    from google.colab import calls

    calls.clear()
    yield calls
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


def test_what_ipywidgets_7_holds_is_read():
    value = {"a.png": {"metadata": {"name": "a.png"}, "content": b"one"}, "b.png": {"content": memoryview(b"two")}}
    assert upload.uploaded(value) == [("a.png", b"one"), ("b.png", b"two")]


def test_what_ipywidgets_8_holds_is_read():
    value = ({"name": "a.png", "type": "image/png", "size": 3, "content": memoryview(b"one")},)
    assert upload.uploaded(value) == [("a.png", b"one")]


@pytest.mark.parametrize("value", [{}, (), []])
def test_nothing_uploaded_is_nothing_to_answer(value):
    assert upload.uploaded(value) == []


def test_the_same_file_again_is_answered_again_and_the_emptying_between_answers_nothing(monkeypatch, settings):
    asked = []
    monkeypatch.setattr(upload, "answer", lambda content, name, config: asked.append(name))
    button, _ = upload.widget(settings).children
    facts = {"name": "a.png", "type": "image/png", "size": 3, "last_modified": LATELY, "content": memoryview(b"one")}
    for _ in range(2):
        button.set_trait("value", (facts,))
        assert not button.disabled and button.value == ()
    assert asked == ["a.png", "a.png"]


def test_a_full_disk_is_one_line_in_the_cell_too(monkeypatch, capsys, settings):
    def full(content, config):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload.predict, "predict", full)
    upload.answer(b"picture", "screen.png", settings)
    assert capsys.readouterr().out == "screen.png: [Errno 28] No space left on device\n"


def test_the_widget_answers_each_upload_and_the_second_needs_no_restart(monkeypatch, settings):
    asked = []
    monkeypatch.setattr(upload, "answer", lambda content, name, config: asked.append((name, content)))
    button, _ = upload.widget(settings).children
    for name, content in (("a.png", b"one"), ("b.png", b"two")):
        facts = {"name": name, "type": "image/png", "size": 3, "last_modified": LATELY, "content": memoryview(content)}
        button.set_trait("value", (facts,))
    assert asked == [("a.png", b"one"), ("b.png", b"two")]


@pytest.mark.parametrize("content", [b"", b"not a picture", b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
def test_a_broken_upload_is_one_line_and_nothing_is_raised(capsys, settings, content):
    upload.answer(content, "broken.png", settings)
    told = capsys.readouterr().out
    assert told.startswith("broken.png: ") and told.count("\n") == 1


def test_a_checkout_without_an_exported_model_says_so_in_one_line(capsys, settings, picture):
    other = replace(settings, model=replace(settings.model, name="not/exported"), data=replace(settings.data, reading="none"))
    upload.answer(picture.read_bytes(), "screen.png", other)
    told = capsys.readouterr().out
    assert told.startswith("screen.png: ") and told.count("\n") == 1


def test_in_colab_the_upload_is_answered_and_no_file_stays(colab, shown, settings, picture, tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("GHOST_STANDIN_UPLOAD", str(picture))
    upload.cell(settings, headless=picture)
    assert shown == [(("answer", len(picture.read_bytes())), picture.read_bytes())]
    assert list(work.iterdir()) == []
    (name, folder), *more = colab
    assert name == "files.upload" and folder and not Path(folder).exists() and not more


def test_in_colab_a_cancelled_upload_is_no_error(colab, shown, settings, monkeypatch):
    monkeypatch.delenv("GHOST_STANDIN_UPLOAD", raising=False)
    upload.cell(settings)
    assert shown == []


def test_without_anybody_at_the_keys_the_named_picture_is_answered(capsys, monkeypatch, shown, settings, picture):
    monkeypatch.setenv("GHOST_HEADLESS", "1")
    upload.cell(settings, headless=picture)
    assert capsys.readouterr().out == f"nobody at the keys, so this is {picture.name}:\n"
    assert [content for _, content in shown] == [picture.read_bytes()]


def test_in_jupyter_the_widget_is_displayed_and_nothing_is_answered_unasked(monkeypatch, shown, settings, picture):
    found = []
    monkeypatch.delenv("GHOST_HEADLESS", raising=False)
    monkeypatch.setattr("IPython.display.display", found.append)
    upload.cell(settings, headless=picture)
    assert shown == []
    assert type(found[0]).__name__ == "VBox"


def test_the_sample_is_a_form_of_the_validation_set(settings):
    file = upload.sample(settings)
    assert file.is_file() and "-form-" in file.name and file.parent.name == "validation_set"


def test_an_answer_is_a_prediction_shown_with_its_picture(monkeypatch, settings, picture):
    found = []
    made = Prediction("upload", "CREATE TABLE a (id int);", True, (), None, 0.5, 0.1, "gguf", "nano")
    monkeypatch.setattr(upload.predict, "predict", lambda content, config: made)
    monkeypatch.setattr("IPython.display.display", lambda one, **how: found.append(one))
    upload.answer(picture.read_bytes(), picture.name, settings)
    assert [type(one).__name__ for one in found] == ["Image", "dict", "HTML"]
    button = found[2].data
    assert 'download="my screen &lt;b&gt;.sql"' in button and "<b>" not in button
    assert base64.b64decode(button.split("base64,")[1].split('"')[0]).decode() == made.sql


@pytest.fixture(scope="module")
def old_jupyter(tmp_path_factory):
    """A folder with the ipywidgets of Colab and what it needs, as pip resolves it."""
    folder = tmp_path_factory.mktemp("colab_widgets")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), OLD, "ipython_genutils"]
    made = subprocess.run(pip, capture_output=True, text=True, timeout=120)
    if made.returncode:
        pytest.skip(f"{OLD} cannot be had from the package index: {made.stderr.strip().splitlines()[-1:]}")
    return folder


def test_the_widget_answers_in_the_real_ipywidgets_of_colab(old_jupyter):
    paths = os.pathsep.join([str(old_jupyter), str(ROOT)])
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_OLD_JUPYTER],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip().splitlines()[-1] == "[('a.png', b'abc', 'nano'), ('b.png', b'def', 'nano')]"
