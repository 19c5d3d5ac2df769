"""The client of Ollama against its protocol, spoken by a stand-in over the real llama.cpp server."""

import base64

import pytest
from exporting import exported, screen
from ollama_server import Ollama, serving

from ghostlib import config
from ghostlib.errors import ConfigError, DataError, ToolError
from ghostlib.inference import backends, llama, ollama, predict
from ghostlib.inference.predict import Wishes

FEW = ["generate.max_new_tokens=8", "data.reading=none"]


@pytest.fixture(scope="module")
def settings():
    return config.load("nano", overrides=FEW)


@pytest.fixture
def there(tiny_nano, monkeypatch):
    made = exported(tiny_nano)
    known = Ollama(llama.server(made.text_gguf, made.mmproj_gguf, context=512), made.modelfile.read_text())
    with serving(known) as url:
        monkeypatch.setenv("GHOST_OLLAMA_URL", url)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # a proxy must see no screenshot
        yield known


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_ollama_answers_as_llama_cpp_does_with_the_same_confidence(settings, there, tiny_nano, tmp_path):
    picture, free = screen(tmp_path), Wishes(grammar=False, repairs=0)
    here = predict.predict(picture, config=settings, backend="ollama")
    direct = predict.predict(picture, config=settings, model=exported(tiny_nano).text_gguf.parent, wishes=free)
    assert here.sql == direct.sql and here.confidence == pytest.approx(direct.confidence, rel=1e-5)
    assert (here.backend, here.model) == ("ollama", "ghost-ui2sql")


def test_the_answer_says_that_ollama_takes_no_grammar_and_only_where_one_was_wished_for(settings, there, tmp_path):
    told = predict.predict(screen(tmp_path), config=settings, backend="ollama", wishes=Wishes(repairs=0))
    assert any("takes no grammar" in note for note in told.notes)
    told = predict.predict(screen(tmp_path), config=settings, backend="ollama", wishes=Wishes(grammar=False, repairs=0))
    assert not any("grammar" in note for note in told.notes)


def test_the_request_is_greedy_whole_and_carries_the_picture_once(settings, there, tmp_path):
    predict.predict(screen(tmp_path), config=settings, backend="ollama", wishes=Wishes(repairs=0))
    (body,) = there.asked
    assert body["stream"] is False and body["options"] == {"temperature": 0, "num_predict": 8}
    (message,) = body["messages"]
    assert message["role"] == "user" and len(message["images"]) == 1
    assert base64.b64decode(message["images"][0]).startswith(b"\x89PNG")


def test_an_ollama_that_gives_no_probabilities_gives_no_confidence_and_the_answer_says_so(settings, there, tmp_path):
    there.old = True
    told = predict.predict(screen(tmp_path), config=settings, backend="ollama")
    assert told.confidence == 0.0 and any("no probabilities" in note for note in told.notes)


def test_a_model_that_ollama_lacks_is_said_before_the_picture_is_read_with_the_command(settings, there, tmp_path):
    with pytest.raises(ToolError, match="ollama create other -f Modelfile") as caught:
        predict.predict(tmp_path / "missing.png", config=settings, backend="ollama", model="other")
    one_line(caught)
    assert backends.opened("ollama", settings, "ghost-ui2sql:latest").model == "ghost-ui2sql:latest"


def test_where_nobody_listens_the_error_says_what_to_start(settings, monkeypatch):
    monkeypatch.setenv("GHOST_OLLAMA_URL", "http://127.0.0.1:9")
    with pytest.raises(ToolError, match="ollama serve") as caught:
        backends.opened("ollama", settings)
    one_line(caught)


@pytest.mark.parametrize("wrong", ["file:///etc/passwd", "127.0.0.1:11434", "http://", "ftp://x"])
def test_an_address_that_is_none_is_refused(wrong, monkeypatch):
    monkeypatch.setenv("GHOST_OLLAMA_URL", wrong)
    with pytest.raises(ConfigError) as caught:
        ollama.url()
    one_line(caught)


def test_without_a_setting_it_is_ollamas_own_address_and_a_slash_at_the_end_is_dropped(monkeypatch):
    monkeypatch.delenv("GHOST_OLLAMA_URL", raising=False)
    assert ollama.url() == "http://127.0.0.1:11434"
    monkeypatch.setenv("GHOST_OLLAMA_URL", "http://box:1/")
    assert ollama.url() == "http://box:1"


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ((500, b'{"error": "out of memory\\nand more"}'), DataError), ((503, b"<html>"), DataError),
        ((200, b"not json"), ToolError), ((200, b"[]"), ToolError), ((200, b"{}"), ToolError), ((200, b""), ToolError),
        ((200, b'{"message": {"content": 3}}'), ToolError),
    ],
)  # fmt: skip
def test_whatever_a_broken_server_says_is_one_line(settings, there, tmp_path, broken, kind):
    there.broken = broken
    with pytest.raises(kind) as caught:
        predict.predict(screen(tmp_path), config=settings, backend="ollama")
    one_line(caught)
