"""Each notebook alone on an empty machine, with a stand-in for Colab's own package: as Colab gives every one its own."""

import os
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ghostlib import config, notebooks

STANDIN = Path(__file__).parent / "colab_standin"
# They read nothing of another notebook's, so that `make test` has them on an empty folder already, by nbval.
FIRST = ("02_trinity_text_training", "03_gemini_dataset_generation")


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """A notebook's name -> (printed text, folder), executed once, at smoke scale, with an output folder of its own."""

    @cache
    def walk(name):
        folder = tmp_path_factory.mktemp(name)
        page = nbformat.read(config.root() / "notebooks" / f"{name}.ipynb", as_version=4)
        paths = os.pathsep.join([str(STANDIN), str(config.root())])
        told = {"PYTHONPATH": paths, "GHOST_OUTPUT": str(folder), "GHOST_SCALE": "smoke", "GHOST_PROFILE": "nano"}
        told |= {"GHOST_STANDIN_UPLOAD": str(next((config.root() / "data" / "validation_set").glob("*.png")))}
        NotebookClient(page, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(config.root())}}).execute(
            env=os.environ | told
        )
        return "\n".join(_printed(page)), folder

    return walk


def _printed(page):
    for cell in page.cells:
        for output in cell.get("outputs", []):
            yield output.get("text") or output.get("data", {}).get("text/html", "")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.soak] * (name in FIRST)) for name in notebooks.NAMES])
def test_every_notebook_runs_alone_on_an_empty_machine(walked, name):
    assert walked(name)[0]


def test_vision_training_without_phase_one_starts_from_the_base_and_says_so(walked):
    text, folder = walked("04_vision_training")
    assert "not there, so this starts from the base" in text
    assert list(folder.glob("*/vision/adapter/adapter_config.json"))


def test_evaluation_without_a_run_shows_what_ships_and_says_so(walked):
    text, folder = walked("05_evaluation_and_gguf_export")
    assert "has no adapter, so this shows the base" in text and "nothing to export" in text
    assert list(folder.glob("*/metrics.json"))


def test_in_colab_the_last_cell_takes_the_file_that_colabs_own_dialog_gives(walked):
    text, _ = walked("05_evaluation_and_gguf_export")
    assert "nobody at the keys" not in text
    assert text.count("PostgreSQL accepts it") + text.count("PostgreSQL refuses it") >= 2


def test_colab_is_seen_and_its_secrets_are_looked_at(walked):
    assert "(Colab)" in walked("01_environment_check")[0]
