"""The five notebooks: run them headless into a run's folder, or stamp and execute the committed ones in place.

python -m ghostlib.notebooks        what `make notebooks` does: badge and install cell from pyproject.toml, then
                                    every cell executed by the nano profile, saved in place
"""

import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import results, strict, tasks
from ghostlib.config import Config
from ghostlib.errors import ConfigError, GhostError, MachineError
from ghostlib.training import runs

NAMES = (
    "01_environment_check",
    "02_trinity_text_training",
    "03_gemini_dataset_generation",
    "04_vision_training",
    "05_evaluation_and_gguf_export",
)
SCREENS = {"03_gemini_dataset_generation", "04_vision_training"}  # of the phase "vision" alone
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
CELL_SECONDS = 7200

INSTALL = """\
import os, subprocess, sys  # in Colab: bring the project and install it beside what is there; elsewhere: nothing

if "google.colab" in sys.modules or os.path.isdir("/content/sample_data"):
    if not os.path.isdir("/content/{name}"):
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", "{address}", "/content/{name}"], check=True)
    os.chdir("/content/{name}")
    sys.path.insert(0, "/content/{name}")
    subprocess.run([sys.executable, "-m", "ghostlib.colab"], check=True)
    from ghostlib import colab
    print(colab.keep_output())
"""


def address() -> str:
    """The project's public address, from pyproject.toml and nowhere else."""
    return tomllib.loads((configs.root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]


def badge(name: str) -> str:
    """The Open-in-Colab badge of a notebook, as Markdown."""
    place = address().removeprefix("https://github.com/")
    return f"[![Open in Colab]({BADGE})](https://colab.research.google.com/github/{place}/blob/main/notebooks/{name}.ipynb)"


def install_cell() -> str:
    """The install cell, the same in all five notebooks."""
    return INSTALL.format(name=address().rstrip("/").rsplit("/", 1)[-1], address=address()).rstrip("\n")


def of_task(config: Config) -> tuple[str, ...]:
    """The notebooks that a config's task goes through: all five, or those without screens."""
    return tuple(name for name in NAMES if tasks.terms(config.task).seeing or name not in SCREENS)


def run(config: Config, *, only: tuple[str, ...] = (), progress: bool = True) -> Path:
    """Run the task's notebooks in order with papermill into one run; the run's folder comes back.

    Executed notebooks lie in `<run>/notebooks/`. A killed run goes on when GHOST_RUN names its folder: finished phases and
    answers are not made again. Raises the notebook's own GhostError as one line, naming the notebook.
    """
    for name in only:
        if not (configs.root() / "notebooks" / f"{name}.ipynb").is_file():
            raise ConfigError(f"notebook {name}: does not exist{strict.nearest(name, NAMES)}. There are: {', '.join(NAMES)}")
    named = {"GHOST_PROFILE": config.profile, "GHOST_TASK": config.task, "GHOST_SCALE": config.scale}
    with _environment(GHOST_RUN=os.environ.get("GHOST_RUN") or None, **named):
        made = runs.begin(config)
        os.environ["GHOST_RUN"] = made.folder.name
        (made.folder / "notebooks").mkdir(exist_ok=True)
        for name in only or of_task(config):
            started = time.monotonic()
            if progress:
                print(f"{name} ...", flush=True)
            _papermill(name, made.folder / "notebooks" / f"{name}.ipynb")
            made.record(notebooks={name: round(time.monotonic() - started, 1)})
            if progress:
                print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return made.folder


def refresh() -> None:
    """Stamp badge and install cell into the committed notebooks, execute them in place by the nano profile, and publish

    the run that this makes: docs/results/, the README's numbers, data/nano/tuned/.
    """
    import nbformat

    with _environment(GHOST_PROFILE="nano", GHOST_RUN=f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-nano"):
        for name in NAMES:
            file = configs.root() / "notebooks" / f"{name}.ipynb"
            page = nbformat.read(file, as_version=4)
            stamp(page, name)
            print(f"{name} ...", flush=True)
            _execute(page, name)
            nbformat.write(page, file)
        run = runs.newest(configs.load("nano"), "vision/adapter")
        if run:
            print(f"published in {results.publish(run).relative_to(configs.root())}")


def stamp(page: Any, name: str) -> None:
    """Put badge and install cell where they belong: under the title, and into the first code cell."""
    head = page.cells[0]
    head.source = re.sub(r"^\[!\[Open in Colab\].*$", lambda _: badge(name), head.source, count=1, flags=re.MULTILINE)
    next(cell for cell in page.cells if cell.cell_type == "code").source = install_cell()


def _papermill(name: str, out: Path) -> None:
    import papermill

    try:
        papermill.execute_notebook(
            str(configs.root() / "notebooks" / f"{name}.ipynb"),
            str(out),
            cwd=str(configs.root()),
            kernel_name="python3",
            progress_bar=sys.stderr.isatty(),
            log_output=False,
        )
    except papermill.PapermillExecutionError as error:
        raise _told(name, error.ename, error.evalue) from None
    except OSError as error:
        raise MachineError(f"{out.parent.parent.name}/notebooks: cannot be written ({error.strerror or error})") from None


def _execute(page: Any, name: str) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    client = NotebookClient(
        page,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(configs.root())}},
        record_timing=False,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise _told(name, error.ename, error.evalue) from None
    page.metadata.pop("widgets", None)
    for cell in page.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
                break


def _told(name: str, kind: str, message: str) -> GhostError:
    lines = (message or "").strip().splitlines() or [""]
    return GhostError(f"{name}: {lines[0]}" if kind.endswith("Error") and len(lines) == 1 else f"{name}: {kind}: {lines[-1]}")


@contextmanager
def _environment(**values: str | None) -> Iterator[None]:
    values.setdefault("GHOST_HEADLESS", os.environ.get("GHOST_HEADLESS") or "1")  # nobody can click in the last cell
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


if __name__ == "__main__":
    refresh()
