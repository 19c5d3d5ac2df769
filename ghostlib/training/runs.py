"""The run folder: what was asked (config.yaml), what happened (run.json), and what came out of it."""

import dataclasses
import importlib.metadata
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import strict
from ghostlib.config import Config
from ghostlib.errors import ConfigError, TrainingError
from ghostlib.models.files import writing
from ghostlib.training import mirror, ranks

PHASES = ("text", "vision", "preference")  # in this order; a task has some of them (tasks.Terms.phases)
PACKAGES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "datasets", "safetensors")
# What an adapter depends on. The rest (evaluation, export, ...) may differ between the notebooks of one run.
BINDING = ("profile", "task", "seed", "model", "lora", "train", "preference", "data")
FREE = ("train.probe", "train.keep", "train.tensorboard", "train.mirror")  # of those: how a run is watched, not what it makes


@dataclass(frozen=True)
class Run:
    """One run: its folder and the config that it was begun with."""

    folder: Path
    config: Config
    until: str = ""  # the run as it was after this phase; "" is all of it

    def phase(self, phase: str) -> Path:
        """The folder of a phase, made where it is missing."""
        folder = self.folder / phase
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def adapter(self, phase: str) -> Path | None:
        """The finished adapter of a phase, or None."""
        folder = self.folder / phase / "adapter"
        return folder if (folder / "adapter_model.safetensors").is_file() else None

    def trained(self) -> Path | None:
        """The adapter that this run ended with: that of its last phase that has one, else None."""
        phases = PHASES[: PHASES.index(self.until) + 1] if self.until else PHASES
        return next((found for phase in reversed(phases) if (found := self.adapter(phase))), None)

    def before(self, phase: str) -> Path | None:
        """The adapter that a phase goes on from: the text phase's, where there is one. The text phase begins from the base."""
        return self.adapter("text") if phase != "text" else None

    def record(self, **facts: Any) -> None:
        """Merge facts into run.json (dicts within dicts too), aside and renamed; of several processes the first does."""
        if ranks.first():
            self.write(**facts)

    def write(self, **facts: Any) -> None:
        """As `record`, from any of several processes: for what the others cannot know."""
        file = self.folder / "run.json"
        aside = file.with_suffix(f".json{ranks.number() or ''}.partial")
        with writing(file):
            aside.write_text(json.dumps(strict.merge(self.facts(), facts), indent=2, default=str), encoding="utf-8")
            aside.replace(file)

    def facts(self) -> dict[str, Any]:
        """What run.json holds; empty where there is none yet."""
        try:
            return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, json.JSONDecodeError) as error:
            raise TrainingError(f"{self.folder}/run.json: cannot be read ({error}). Start a new run") from None


def begin(config: Config) -> Run:
    """The run to work in: GHOST_RUN names its folder under the output folder, else a new `<UTC time>-<profile>`.

    A named folder that exists goes on where it was, one that exists in the mirror alone (`train.mirror`) is taken back
    from there. Raises TrainingError where it was begun with another config, naming the keys; MachineError where it
    cannot be written.
    """
    named = os.environ.get("GHOST_RUN")
    folder = configs.output() / (named or _fresh_name(config))
    if (folder / "config.yaml").is_file() or (named and mirror.restore(config.train.mirror, folder)):
        run = Run(folder, config)
        agree(run, config)
        return run
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder, config)
    run.record(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=config.profile,
        task=config.task,
        model=config.model.name,
        seed=config.seed,
        scale=config.scale,
        reason=config.reason,
    )
    with writing(folder):  # last: it is what makes the folder a run
        aside = folder / "config.yaml.partial"
        configs.save(config, aside)
        aside.replace(folder / "config.yaml")
    return run


def newest(config: Config, holding: str = "vision/adapter") -> Run | None:
    """GHOST_RUN's run if it has `holding`, else the newest run of the same task, profile and model that has it."""
    output = configs.output()
    named = os.environ.get("GHOST_RUN")
    if named and (output / named / holding).exists():
        return _opened(output / named, config)
    return next(iter(_holding(config, holding)), None)


def latest(config: Config) -> Run | None:
    """The newest run of the same task, profile and model that is trained, one with the later phase before all others."""
    return next((found for phase in reversed(PHASES) if (found := newest(config, f"{phase}/adapter"))), None)


def begun(config: Config, phase: str) -> Run | None:
    """The run that `phase` goes on in: a later one's is the newest with an adapter of phase 1, else the one that was stopped.

    None where there is none, or GHOST_RUN names the run: `begin` finds that one.
    """
    if os.environ.get("GHOST_RUN"):
        return None
    trained = newest(config, holding="text/adapter") if phase != "text" else None
    return trained or unfinished(config, phase)


def unfinished(config: Config, phase: str) -> Run | None:
    """The newest run of this very config that has begun `phase` and not ended it.

    One that another process trains just now is left to it.
    """
    for run in _holding(config, phase):
        try:
            agree(run, config)
        except TrainingError:
            continue  # another experiment
        try:
            with training(run, phase):
                pass
        except TrainingError:
            continue  # another process is at it
        if not run.adapter(phase):
            return Run(run.folder, config)
    return None


@contextmanager
def training(run: Run, phase: str) -> Iterator[None]:
    """Holds a phase for this process and its children; a kill gives it back. Raises TrainingError where another has it.

    Where the file system or the system knows no locks (Windows, some mounted drives) nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        fcntl = None
    file = run.phase(phase) / "training.lock"
    with writing(file):
        lock = file.open("w", encoding="utf-8")
    with lock:
        try:
            if fcntl and ranks.first():  # of several processes of one training the first
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = f"{run.folder.name}/{phase}"
            raise TrainingError(f"{where}: another process trains it just now. Wait for it, or start a new run") from None
        except OSError:
            pass
        yield


def agree(run: Run, config: Config) -> None:
    """Raises TrainingError, with the differing keys, where `config` would not train what this run was begun with."""
    before, now = _flat(configs.from_file(run.folder / "config.yaml")), _flat(config)
    differing = [key for key in now if now[key] != before.get(key)]
    if differing:
        spelled = ", ".join(f"{key} {before.get(key)} -> {now[key]}" for key in differing[:5])
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        raise TrainingError(
            f"{run.folder.name}: was begun with another config ({spelled}{more}). Take the old values, or start a new run"
        )


def provenance() -> dict[str, Any]:
    """What made a run, for its run.json: the commit of the checkout and the versions of the packages that train."""
    return {"git": _commit(), "versions": _versions()}


def _fresh_name(config: Config) -> str:
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{config.profile}"
    taken = [folder.name for folder in configs.output().glob(f"{name}*")]
    return f"{name}-{len(taken) + 1}" if taken else name


def _holding(config: Config, what: str) -> list[Run]:
    """The runs of the same task, profile and model that have `what`, the newest first."""
    found = []
    for file in configs.output().glob("*/config.yaml"):
        run = _opened(file.parent, config) if (file.parent / what).exists() else None
        if run:
            found.append((file.stat().st_mtime, file.parent.name, run))
    return [run for *_, run in sorted(found, key=lambda item: item[:2], reverse=True)]


def _opened(folder: Path, config: Config) -> Run | None:
    try:
        found = configs.from_file(folder / "config.yaml")
    except ConfigError:
        return None  # a folder of an older version, or half a one: not ours to judge
    same = (found.task, found.profile, found.model.name) == (config.task, config.profile, config.model.name)
    return Run(folder, found) if same else None


def _flat(config: Config) -> dict[str, Any]:
    flat = {}
    for name in BINDING:
        value = getattr(config, name)
        if dataclasses.is_dataclass(value):
            flat |= {f"{name}.{field.name}": getattr(value, field.name) for field in dataclasses.fields(value)}
        else:
            flat[name] = value
    return {name: value for name, value in flat.items() if name not in FREE}


def _commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=configs.root(), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
