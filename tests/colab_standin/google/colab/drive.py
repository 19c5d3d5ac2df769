"""Mounting: allowed, unless GHOST_STANDIN_DRIVE is "refused"."""

import os

from google.colab import calls


def mount(mountpoint: str, force_remount: bool = False) -> None:
    """As Colab's own: returns nothing, and raises ValueError where the person closes the prompt."""
    calls.append(("drive.mount", mountpoint))
    if os.environ.get("GHOST_STANDIN_DRIVE") == "refused":
        raise ValueError("mount failed")
