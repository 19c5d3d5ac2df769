"""Uploads: the file that GHOST_STANDIN_UPLOAD names is what the person chose; without it they cancelled."""

import os
from pathlib import Path

from google.colab import calls


def upload(target_dir: str = "") -> dict[str, bytes]:
    """As Colab's own: name -> content, and the file lies in the working folder (or `target_dir`) afterwards."""
    calls.append(("files.upload", target_dir))
    chosen = os.environ.get("GHOST_STANDIN_UPLOAD")
    if not chosen:
        return {}
    content = Path(chosen).read_bytes()
    Path(target_dir, Path(chosen).name).write_bytes(content)
    return {Path(chosen).name: content}


def download(filename: str) -> None:
    """As Colab's own, without the browser."""
    calls.append(("files.download", filename))
