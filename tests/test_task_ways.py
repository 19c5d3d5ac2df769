"""Every task that is asked in words goes the notebooks' whole way: their own cells, run one after the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import IPython.display
import nbformat
import pytest

from ghostlib import config as configs
from ghostlib import machine, notebooks, tasks
from ghostlib.inference import asking, engines, export, parity
from ghostlib.models import nano
from ghostlib.training import runs

ROOT = Path(__file__).resolve().parents[1]
IN_WORDS = [name for name in ("qod", "text2sql") if not tasks.terms(name).seeing]
QUICK = (
    *("data.generated=24", "train.max_steps=2", "train.batch_size=2", "train.eval_sample=2", "train.eval_steps=0"),
    *("train.patience=0", "lora.rank=4", "lora.modules=[q, v]", "train.max_seq_length=2048", "generate.max_new_tokens=6"),
    *("evaluation.sample=2", "evaluation.text_sample=1", "preference.batch_size=1"),
)


def cells(name):
    page = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    return [cell.source for cell in page.cells if cell.cell_type == "code"]


@pytest.fixture
def way(tiny_nano, monkeypatch):
    """A function that runs the cells of a task's notebooks in this process, with the smallest of everything, and says

    what they displayed. llama.cpp and its files are left to the long proof: transformers answers in their place.
    """
    configure, shown = machine.configure, []
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    monkeypatch.setattr(machine, "configure", lambda *a, overrides=(), **k: configure(*a, overrides=[*overrides, *QUICK], **k))
    monkeypatch.setattr(engines, "choose", lambda config: "hf")
    monkeypatch.setattr(IPython.display, "display", lambda *objects, **how: shown.extend(objects))
    monkeypatch.setattr(export, "run", lambda run: run.trained())
    monkeypatch.setattr("ghostlib.show.export", lambda made: shown.append(made))
    monkeypatch.setattr(parity, "run", lambda config, run: parity.Report(0, "", (), (), "", ("not here",)))
    asked = asking.asked
    monkeypatch.setattr(asking, "asked", lambda example, **how: asked(example, **how, backend="hf"))

    def gone(task):
        monkeypatch.setenv("GHOST_TASK", task)
        monkeypatch.setenv("GHOST_PROFILE", "nano")
        monkeypatch.setenv("GHOST_SCALE", "smoke")
        monkeypatch.setenv("GHOST_HEADLESS", "1")
        monkeypatch.setenv("GHOST_RUN", task)
        for name in notebooks.of_task(configs.load("nano", task=task)):
            names = {}
            for cell in cells(name):
                exec(compile(cell, name, "exec"), names)
        return shown

    return gone


@pytest.mark.parametrize("task", IN_WORDS)
def test_every_cell_of_the_tasks_notebooks_runs_and_says_what_is_of_this_task(way, capsys, task):
    shown = way(task)
    said = capsys.readouterr().out + " ".join(str(getattr(one, "data", "")) for one in shown)
    (folder,) = [path for path in configs.output().iterdir() if (path / "config.yaml").is_file()]
    run, terms = runs.Run(folder, configs.from_file(folder / "config.yaml")), tasks.terms(task)
    assert all(run.adapter(phase) for phase in terms.phases)
    metrics = json.loads((folder / "metrics.json").read_text())
    asked = {"base", "tuned", *(["text"] if len(terms.phases) > 1 else [])}
    assert metrics["n"] == 2 and set(metrics["distinct"]) == asked
    assert [change["phase"] for change in metrics["changes"]] == list(terms.phases)
    assert (folder / "figures" / "base_and_tuned.png").stat().st_size > 10_000
    for sentence in (terms.story.data, terms.story.untrained, terms.story.judged, terms.story.use):
        assert sentence in said
    of_03 = "notebook 03 uses drawn screens alone"  # what a Gemini key would be for
    assert "screens" not in said.replace(of_03, "") and "screenshot" not in said
    assert ("no such phase" in said) == ("preference" not in terms.phases)
    assert "perplexity of the answers" in said


@pytest.mark.soak
@pytest.mark.parametrize("task", IN_WORDS)
def test_ghost_run_takes_a_task_from_an_empty_folder_to_an_export_that_answers(task, tmp_path):
    """The command itself: papermill, llama.cpp, both phases, the chain of the export. Some minutes for each task."""
    shipped = {file: file.read_bytes() for file in sorted((ROOT / engines.SHIPPED).rglob("*")) if file.is_file()}
    surroundings = os.environ | {"GHOST_OUTPUT": str(tmp_path / "output"), "GHOST_SCALE": "smoke", "PYTHONPATH": str(ROOT)}

    def ghost(*words):
        command = [sys.executable, "-m", "ghostlib.cli", *words, "--task", task, "--profile", "nano"]
        return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=3000, check=False)

    done = ghost("run")
    assert done.returncode == 0, done.stderr[-2000:]
    (folder,) = (tmp_path / "output").iterdir()
    assert sorted(file.stem for file in (folder / "notebooks").iterdir()) == sorted(
        notebooks.of_task(configs.load("nano", task=task))
    )
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["tuned"] and [change["phase"] for change in metrics["changes"]] == list(tasks.terms(task).phases)
    assert json.loads((folder / "parity.json").read_text())["noun"] == tasks.terms(task).noun
    card = (folder / "gguf" / "README.md").read_text()
    assert f"tuned for {task}" in card and tasks.terms(task).story.use in card and "screenshot" not in card
    database = next((ROOT / "data" / "text2sql" / "database").rglob("*.sqlite"))
    extra = ["--database", str(database)] if task == "text2sql" else []
    answered = ghost("ask", "How many are there? Phone +4915550100101", "--json", *extra)
    assert json.loads(answered.stdout)[0]["question"] and answered.returncode in (0, 1), answered.stderr
    assert ghost("evaluate").returncode == 0 and ghost("export").returncode == 0
    assert shipped == {file: file.read_bytes() for file in sorted((ROOT / engines.SHIPPED).rglob("*")) if file.is_file()}
