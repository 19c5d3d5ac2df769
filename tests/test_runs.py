"""Run folders: begun once, found again, never mixed up, and never half-written."""

import dataclasses
import errno
import json
import os
import threading
from pathlib import Path

import pytest

from ghostlib import config as configs
from ghostlib.errors import MachineError, TrainingError
from ghostlib.models import files
from ghostlib.training import runs


@pytest.fixture
def config():
    return configs.load("nano")


def give_adapter(run, phase):
    folder = run.phase(phase) / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"x")
    return folder


def test_a_new_run_holds_its_config_and_why_it_was_chosen(config):
    run = runs.begin(dataclasses.replace(config, reason="no GPU here"))
    assert run.folder.parent == configs.output() and run.folder.name.endswith("-nano")
    assert configs.from_file(run.folder / "config.yaml") == run.config
    assert run.facts()["reason"] == "no GPU here" and run.facts()["seed"] == config.seed


def test_two_runs_in_one_second_are_two_folders(config):
    assert len({runs.begin(config).folder for _ in range(3)}) == 3


def test_a_named_run_goes_on_where_it_was(config, monkeypatch):
    monkeypatch.setenv("GHOST_RUN", "mine")
    first = runs.begin(config)
    first.record(note=1)
    second = runs.begin(config)
    assert second.folder == first.folder == configs.output() / "mine" and second.facts()["note"] == 1


def test_a_named_run_of_another_config_is_refused_with_the_keys(config, monkeypatch):
    monkeypatch.setenv("GHOST_RUN", "mine")
    runs.begin(config)
    other = configs.load("nano", overrides=("train.learning_rate=0.5", "lora.rank=3"))
    with pytest.raises(TrainingError) as raised:
        runs.begin(other)
    assert "lora.rank 48 -> 3" in str(raised.value) and f"train.learning_rate {config.train.learning_rate} -> 0.5" in str(
        raised.value
    )
    assert configs.from_file(configs.output() / "mine" / "config.yaml") == config


def test_what_no_adapter_depends_on_may_differ_between_the_notebooks_of_a_run(config, monkeypatch):
    monkeypatch.setenv("GHOST_RUN", "mine")
    runs.begin(config)
    other = configs.load("nano", overrides=("evaluation.sample=3", "export.quant=q8_0"))
    assert runs.begin(other).config == other


def test_the_newest_run_is_one_of_the_same_task_profile_and_model_that_has_what_is_asked_for(config):
    assert runs.newest(config) is None
    old, new, bare = (runs.begin(config) for _ in range(3))
    other = runs.begin(dataclasses.replace(config, task="text2sql"))
    for age, run in enumerate((bare, other, new, old)):
        os.utime(run.folder / "config.yaml", (1e9 - age, 1e9 - age))
    for run in (old, new, other):
        give_adapter(run, "vision")
    assert runs.newest(config).folder == new.folder
    assert runs.newest(config, holding="text/adapter") is None
    (new.folder / "config.yaml").write_text("not: [yaml")
    assert runs.newest(config).folder == old.folder


def test_a_named_run_comes_before_a_newer_one_if_it_has_it(config, monkeypatch):
    monkeypatch.setenv("GHOST_RUN", "mine")
    mine = runs.begin(config)
    monkeypatch.delenv("GHOST_RUN")
    newer = runs.begin(config)
    give_adapter(newer, "vision")
    monkeypatch.setenv("GHOST_RUN", "mine")
    assert runs.newest(config).folder == newer.folder
    give_adapter(mine, "vision")
    assert runs.newest(config).folder == mine.folder


def test_the_adapter_that_counts_is_visions_else_texts(config):
    run = runs.begin(config)
    assert run.trained() is None and run.adapter("text") is None
    text = give_adapter(run, "text")
    assert run.trained() == text
    assert run.trained() != give_adapter(run, "vision") == run.trained() or run.trained().parent.name == "vision"


def test_facts_are_merged_and_never_half_written(config, monkeypatch):
    run = runs.begin(config)
    run.record(text={"steps": 3, "plan": {"rank": 4}})
    run.record(text={"seconds": 1.5, "plan": {"dora": True}}, where=Path("x"))
    assert run.facts()["text"] == {"steps": 3, "plan": {"rank": 4, "dora": True}, "seconds": 1.5}
    before = run.facts()
    monkeypatch.setattr(Path, "replace", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run.record(text={"steps": 99})
    assert run.facts() == before


def test_a_reader_sees_whole_facts_while_a_writer_writes(config):
    run = runs.begin(config)
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            run.record(a={"n": number, "filler": "x" * 20_000}, b={"n": number})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            facts = run.facts()
            assert facts.get("a", {}).get("n") == facts.get("b", {}).get("n")
    finally:
        stop.set()
        writer.join()


def test_facts_that_are_not_json_are_one_line(config):
    run = runs.begin(config)
    (run.folder / "run.json").write_text('{"a": ')
    with pytest.raises(TrainingError, match=r"run\.json"):
        run.facts()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "not writable"),
        (errno.EROFS, "read-only"),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_line_with_what_to_do(config, monkeypatch, number, words):
    monkeypatch.setattr(Path, "mkdir", lambda *args, **kwargs: (_ for _ in ()).throw(OSError(number, "no")))
    with pytest.raises(MachineError, match=words) as raised:
        runs.begin(config)
    assert "GHOST_OUTPUT" in str(raised.value) and "\n" not in str(raised.value)


def test_an_output_folder_that_is_a_file_is_one_line(config, monkeypatch, tmp_path):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path / "taken"))
    with pytest.raises(MachineError, match="a file stands"):
        runs.begin(config)


def test_errors_that_are_not_about_the_disk_pass_through(tmp_path):
    with pytest.raises(FileNotFoundError), files.writing(tmp_path):
        (tmp_path / "nothing").read_text()
    with pytest.raises(RuntimeError, match="shape"), files.writing(tmp_path):
        raise RuntimeError("shape mismatch")


def test_a_folder_written_aside_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "adapter"
    with files.aside(target) as part:
        (part / "one").write_text("old")
    with pytest.raises(KeyboardInterrupt), files.aside(target) as part:
        (part / "one").write_text("half")
        raise KeyboardInterrupt
    assert (target / "one").read_text() == "old"
    with files.aside(target) as part:
        (part / "two").write_text("new")
    assert [file.name for file in target.iterdir()] == ["two"] and not list(tmp_path.glob("adapter.*"))


def test_run_json_is_readable_by_a_person(config):
    run = runs.begin(config)
    text = (run.folder / "run.json").read_text()
    assert text.count("\n") >= 5 and json.loads(text)["profile"] == "nano"
