import json
import shutil

import pytest
from exporting import cache, exported, screen, seeing

from ghostlib import config
from ghostlib.errors import ConfigError, ExportError, PictureError
from ghostlib.inference import backends, predict
from ghostlib.training import runs

FEW = ["generate.max_new_tokens=5", "data.reading=none"]


@pytest.fixture(scope="module")
def settings():
    return config.load("nano", overrides=FEW)


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_llama_cpp_and_transformers_predict_the_same_for_one_picture(settings, tiny_nano, tmp_path):
    picture = screen(tmp_path)
    here = predict.predict(picture, config=settings, model=exported(tiny_nano).modelfile.parent)
    there = predict.predict(picture, config=settings, model=seeing(tiny_nano), backend="hf")
    assert (here.sql, here.valid) == (there.sql, there.valid)
    assert here.confidence == pytest.approx(there.confidence, rel=1e-3)
    assert (here.backend, there.backend) == ("gguf", "hf")


def test_the_words_on_the_screen_reach_the_model(settings, tiny_nano, tmp_path):
    picture, model = screen(tmp_path), exported(tiny_nano).text_gguf
    blind = predict.predict(picture, config=settings, model=model)
    reading = predict.predict(picture, config=config.load("nano", overrides=FEW[:1]), model=model)
    assert reading.confidence != pytest.approx(blind.confidence, rel=1e-5)


def test_bytes_are_answered_as_the_file_and_shown_as_an_upload(settings, tiny_nano, tmp_path):
    picture, model = screen(tmp_path), exported(tiny_nano).modelfile.parent
    told = predict.predict(picture.read_bytes(), config=settings, model=model).as_dict()
    assert told["image"] == "upload"
    assert told["confidence"] == predict.predict(picture, config=settings, model=model).as_dict()["confidence"]


def test_the_json_has_the_agreed_keys_and_the_servers_problem_for_an_answer_without_a_table(settings, tiny_nano, tmp_path):
    told = predict.predict(screen(tmp_path), config=settings, model=exported(tiny_nano).modelfile.parent).as_dict()
    assert json.loads(json.dumps(told)) == told
    assert {"image", "sql", "valid", "problems", "confidence", "seconds", "backend", "attempts"} <= told.keys()
    assert told["valid"] is False and told["schema"] is None
    assert {"line", "column", "sqlstate", "message", "hint"} == told["problems"][0].keys()


def test_the_newest_run_with_an_export_is_taken_and_none_at_all_says_what_to_do(tiny_nano, tmp_path):
    ours = config.load("nano", overrides=[*FEW, f"model.name={tiny_nano}"])
    with pytest.raises(ExportError, match="ghost export") as caught:
        backends.exported(ours)
    one_line(caught)
    run = runs.begin(ours)
    with pytest.raises(ExportError):
        backends.exported(ours)
    shutil.copytree(exported(tiny_nano).modelfile.parent, run.folder / "gguf")
    assert backends.exported(ours) == run.folder / "gguf" == backends.exported(ours, run.folder)


def test_the_hf_backend_without_a_run_is_the_untrained_base_and_is_called_so(tiny_nano, tmp_path, monkeypatch):
    cache(tmp_path / "cache", monkeypatch)
    ours = config.load("nano", overrides=[*FEW, f"model.name={tiny_nano}"])
    assert backends.weights(ours) == (None, str(tiny_nano))


def test_an_unknown_backend_a_picture_that_is_none_and_a_folder_without_a_model_are_one_line_each(
    settings, tiny_nano, tmp_path
):
    picture, model = screen(tmp_path), exported(tiny_nano).modelfile.parent
    with pytest.raises(ConfigError, match="gguf, hf, ollama") as caught:
        predict.predict(picture, config=settings, model=model, backend="olama")
    one_line(caught)
    for wrong in (tmp_path / "missing.png", b"", b"%PDF-1.7 hello", tmp_path):
        with pytest.raises(PictureError) as caught:
            predict.predict(wrong, config=settings, model=model)
        one_line(caught)
    for backend in ("gguf", "hf"):
        with pytest.raises(ExportError) as caught:
            predict.predict(picture, config=settings, model=tmp_path, backend=backend)
        one_line(caught)
