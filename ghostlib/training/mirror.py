"""A copy of a run in another folder, a mounted drive for instance, kept up beside the training; and a run taken back from it.

The copy is laid out as the run is. Everything in it is written aside and renamed, and it never holds up a step.
"""

import errno
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from ghostlib.errors import MachineError
from ghostlib.models import files
from ghostlib.training import checkpoints

PATIENCE = 600.0  # seconds that the end of a phase waits for what is still to be copied
UNFINISHED = (".partial", ".old", ".lock")


class Mirror:
    """Copies a run to `root`/<its name>, one copy at a time, in a thread; does nothing where `root` is empty.

    What goes wrong there is one line on standard error, once: training goes on without it.
    """

    def __init__(self, run: Path, phase: str, root: str) -> None:
        self.run, self.phase, self.root = run, phase, Path(root) if root else None
        self.copying: Path | None = None  # the checkpoint that must not be removed just now
        self._thread: threading.Thread | None = None
        self._copied: dict[Path, tuple[int, int] | None] = {}
        self._told: set[str] = set()

    def update(self, checkpoint: Path | None = None) -> None:
        """Begin to copy what is new; a copy that is not done yet is left to go on, and `checkpoint` skipped."""
        if self.root is None:
            return
        if self._thread and self._thread.is_alive():
            self._say(f"is slower than the checkpoints come; {checkpoint.name if checkpoint else 'one'} is skipped", key="slow")
            return
        self.copying = checkpoint
        self._thread = threading.Thread(target=self._copy, args=(checkpoint,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Copy the rest, the adapter among it, and wait for it, but not for ever."""
        for last in (False, True):
            if self._thread:
                self._thread.join(PATIENCE)
            if self._thread and self._thread.is_alive():
                self._say(f"has not taken everything within {PATIENCE / 60:.0f} minutes; it is all in {self.run}", key="late")
                return
            if not last:
                self.update()

    def _copy(self, checkpoint: Path | None) -> None:
        try:
            self._take(checkpoint)
        except (OSError, shutil.Error, MachineError) as error:
            words = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
            self._say(f"cannot be written ({words}); training goes on without a copy", key="error")
        finally:
            self.copying = None

    def _take(self, checkpoint: Path | None) -> None:
        target = self._target()
        if checkpoint:
            saved = target / self.phase / "checkpoints"
            with files.aside(saved / checkpoint.name) as part:
                shutil.copytree(checkpoint, part, dirs_exist_ok=True)
            checkpoints.prune(saved)
        # After the checkpoint, so that the log tells of all its steps; config.yaml last, which makes it a run.
        for folder in (self.run / "text", self.run / "vision", self.run / "preference", self.run):
            for entry in sorted(folder.iterdir(), key=lambda one: one.name == "config.yaml") if folder.is_dir() else ():
                wanted = entry.is_file() or (folder != self.run and entry.name != "checkpoints")
                if wanted and not entry.name.endswith(UNFINISHED):
                    self._renew(entry, target / entry.relative_to(self.run))

    def _target(self) -> Path:
        """The run's folder in the mirror. Raises OSError where the mirror is not there, or holds another run of that name."""
        target = self.root / self.run.name
        if not self.root.is_dir():
            raise OSError(errno.ENOENT, "there is no such folder")
        if target.resolve() == self.run.resolve():
            raise OSError(errno.EINVAL, "the run itself is there")
        theirs = _started(target)
        if theirs is not None and theirs != _started(self.run):
            raise OSError(errno.EEXIST, f"it holds another run of the name {self.run.name}")
        target.mkdir(exist_ok=True)
        return target

    def _renew(self, entry: Path, target: Path) -> None:
        """Copy a file or a folder where it is another one than at the last copy of this process."""
        stamp = _stamp(entry)
        if stamp == self._copied.get(entry):
            return
        try:
            _replace(entry, target)
        except (OSError, shutil.Error):
            if stamp == _stamp(entry):
                raise
        else:  # else training has replaced it meanwhile: it comes with the next copy
            self._copied[entry] = stamp

    def _say(self, words: str, *, key: str) -> None:
        if key not in self._told:
            self._told.add(key)
            print(f"{self.phase}: the mirror {self.root} {words}", file=sys.stderr, flush=True)


def restore(root: str, run: Path) -> bool:
    """Whether `run`, a folder that has no run yet, was filled from its copy in the mirror `root`.

    A kill in between leaves no run, and the next call does it again. Raises MachineError for a mirror that cannot be
    read: a run that begins anew without a word would be the worse surprise.
    """
    source = Path(root) / run.name
    if not root:
        return False
    try:
        if not (source / "config.yaml").is_file():
            return False
        left_out = shutil.ignore_patterns("config.yaml", *(f"*{ending}" for ending in UNFINISHED))
        shutil.copytree(source, run, dirs_exist_ok=True, ignore=left_out)
        _replace(source / "config.yaml", run / "config.yaml")
    except (OSError, shutil.Error) as error:
        raise MachineError(
            f"train.mirror={root}: {run.name} cannot be taken back from it ({error}). "
            "Mount it, or train without it: --set train.mirror=''"
        ) from None
    return True


def _replace(source: Path, target: Path) -> None:
    """Copy a file or a folder aside, and rename it."""
    if source.is_dir():
        with files.aside(target) as part:
            shutil.copytree(source, part, dirs_exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.partial")
    shutil.copyfile(source, aside)
    aside.replace(target)


def _stamp(entry: Path) -> tuple[int, int] | None:
    """What changes when a file or anything in a folder does; None where it is gone."""
    try:
        found = [file.stat() for file in (entry.rglob("*") if entry.is_dir() else [entry])]
    except FileNotFoundError:
        return None
    return max((one.st_mtime_ns for one in found), default=0), sum(one.st_size for one in found)


def _started(run: Path) -> Any:
    """When a run was begun, which tells it from another of its name; None where there is none."""
    try:
        return json.loads((run / "run.json").read_text(encoding="utf-8")).get("started")
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
