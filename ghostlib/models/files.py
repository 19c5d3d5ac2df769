"""Folders that are whole or not there, and a full disk said in one line."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ghostlib.errors import MachineError

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "the folder is not writable",
    errno.EPERM: "the folder is not writable",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a file stands where a folder belongs",
    errno.EEXIST: "a file stands where a folder belongs",
}


@contextmanager
def aside(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """A folder beside `folder` to write into; it takes that name (and the place of an older one) when all is written.

    What an earlier try left in it is removed, or kept to go on from.
    """
    part, old = (folder.with_name(folder.name + ending) for ending in (".partial", ".old"))
    with writing(folder):
        settle(folder)
        if not keep:
            shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, exist_ok=keep)
        yield part
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def settle(folder: Path) -> None:
    """Put the older `folder` back where a kill came between the two renames of `aside`; what reads such a folder calls it."""
    old = folder.with_name(folder.name + ".old")
    if old.exists() and not folder.exists():
        old.rename(folder)


@contextmanager
def held(file: Path, busy: Exception) -> Iterator[None]:
    """Holds the lock `file` for this process, and removes it at the end; a kill gives it back.

    Raises `busy` where another process has it. Where the file system or the system knows no locks (Windows, some
    mounted drives) nothing is held.
    """
    with file.open("w", encoding="utf-8") as lock:
        try:
            _lock(lock, wait=False)
        except BlockingIOError:
            raise busy from None
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Waits until no other process (or thread) holds the lock `file`, then holds it; a kill gives it back.

    The file stays: one that is removed could be held by a process that waited for it, and made anew by a third.
    Where there are no locks (see `held`) nobody waits.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as lock:
        _lock(lock, wait=True)
        yield


def _lock(file: IO[str], *, wait: bool) -> None:
    """Locks an open file where that can be done. Raises BlockingIOError where another has it and nobody waits."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:
        pass


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turns a full disk or an unwritable folder into a MachineError that names `place`; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in REASONS:
            raise
        reason = REASONS[error.errno]
    except Exception as error:
        # torch.save raises RuntimeError and safetensors its own class when the disk is full
        if not any(sign in str(error) for sign in ("No space left", "os error 28", "failed writing file")):
            raise
        reason = REASONS[errno.ENOSPC]
    else:
        return
    raise MachineError(f"{place}: cannot be written, {reason}. Free some space, or set GHOST_OUTPUT to another folder")
