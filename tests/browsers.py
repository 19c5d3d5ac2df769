"""The processes of the browsers that this process started, found in /proc, so that tests can kill and measure them."""

import os
from pathlib import Path


def children(kind: str) -> list[int]:
    """The process ids of our own browsers' processes: `kind` is "renderer", or "" for the browser itself."""
    found, parents = [], {}
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes()
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
        if (f"--type={kind}".encode() in words) if kind else (b"--remote-debugging-pipe" in words and b"--type=" not in words):
            found.append(int(folder.name))
    return [pid for pid in found if ours(pid, parents)]


def ours(pid: int, parents: dict[int, int]) -> bool:
    """Whether this process is an ancestor."""
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parents.get(pid, 0)
    return False
