"""Checkpoints that are whole or do not count: sealed last, with the size of every file."""

import json
import shutil
from pathlib import Path

from ghostlib.models.files import writing

SEAL = "complete.json"


def newest(folder: Path) -> Path | None:
    """The newest whole checkpoint in `folder`; what a kill left half-written is removed."""
    whole = []
    for found in folder.glob("checkpoint-*"):
        if _is_whole(found):
            whole.append(found)
        else:
            shutil.rmtree(found, ignore_errors=True)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def seal(folder: Path) -> None:
    """Written last: names every file and its size, so that a checkpoint is whole or is not one."""
    sizes = {file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()}
    with writing(folder):
        (folder / f"{SEAL}.partial").write_text(json.dumps(sizes), encoding="utf-8")
        (folder / f"{SEAL}.partial").replace(folder / SEAL)


def _is_whole(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, json.JSONDecodeError):
        return False
