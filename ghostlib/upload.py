"""The last cell of the suite: give a screenshot, get its schema. In Colab, in Jupyter, and without anybody at the keys."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine, show, tasks
from ghostlib.config import Config
from ghostlib.errors import GhostError
from ghostlib.inference import predict


def cell(config: Config, *, headless: Path | None = None) -> None:
    """Ask for a screenshot and show its schema: Colab's file dialog, or the widget of Jupyter.

    Where nobody can click (GHOST_HEADLESS is set: papermill, nbclient, nbval) the picture `headless` is answered at once.
    """
    if machine.in_colab():
        from google.colab import files  # ipywidgets' upload fails there, silently, above about 1 MB

        with tempfile.TemporaryDirectory() as aside:  # Colab keeps an upload in the working folder otherwise
            for name, content in files.upload(target_dir=aside).items():
                answer(content, Path(name).name, config)
        return
    if headless is not None and os.environ.get("GHOST_HEADLESS"):
        print(f"nobody at the keys, so this is {headless.name}:")
        answer(headless.read_bytes(), headless.name, config)
        return
    from IPython.display import display

    display(widget(config))


def widget(config: Config) -> Any:
    """The upload widget of Jupyter with the place for answers below it; a second upload needs no restart."""
    import ipywidgets

    button = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Screenshot")
    below = ipywidgets.Output()

    def changed(change: Mapping[str, Any]) -> None:
        files = uploaded(change["new"])
        if not files:  # emptied below
            return
        name, content = files[-1]  # ipywidgets 7 keeps the older ones
        button.disabled = True
        below.clear_output()
        with below:
            print(f"{name}: being read ...")
            below.clear_output(wait=True)  # when the answer comes
            answer(content, name, config)
        button.disabled = False
        with suppress(Exception):  # else the same file again would be no change; 7's value cannot be set from here
            button.value = ()

    button.observe(changed, names="value")
    return ipywidgets.VBox([button, below])


def uploaded(value: Any) -> list[tuple[str, bytes]]:
    """(name, content) of what FileUpload holds: a dict by name in ipywidgets 7, a tuple of dicts in 8."""
    if isinstance(value, Mapping):
        return [(name, bytes(item["content"])) for name, item in value.items()]
    return [(item["name"], bytes(item["content"])) for item in value]


def answer(content: bytes, name: str, config: Config) -> None:
    """Predict and show, the SQL as a file to keep; what goes wrong is one line in the cell, and the picture is kept nowhere."""
    try:
        found = predict.predict(content, config=config)
        show.prediction(found, content)
        if found.sql:
            show.download(found.sql, f"{Path(name).stem}.sql")
    except (GhostError, OSError) as error:
        print(f"{name}: {' '.join(str(error).split())}")


def question(config: Config) -> tasks.Example:
    """The first validation question without its answer, for a task that is asked in words."""
    phase = tasks.terms(config.task).phases[-1]
    return replace(tasks.named(config.task).examples(config, phase, "validation")[0], completion="")


def sample(config: Config) -> Path | None:
    """A validation screen to answer where nobody can upload one: the form with the fewest tables, else the first."""
    from ghostlib.corpus import records

    rows = records.read_screens(configs.root() / config.data.validation)
    rows.sort(key=lambda row: (row.screen != "form", row.output.count("CREATE TABLE"), row.image_path))
    return records.picture_file(rows[0], configs.root() / "data") if rows else None
