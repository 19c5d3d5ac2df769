"""Checkpoints that are whole or do not count: written aside, sealed with the size of every file, renamed, two kept."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ghostlib.config import Plan
from ghostlib.errors import TrainingError
from ghostlib.models.files import aside, writing
from ghostlib.training import ranks

SEAL = "complete.json"
KEPT = 2  # the newest may turn out to be damaged
ASIDE = "saving"  # where one is written until it is whole


def newest(folder: Path) -> Path | None:
    """The newest whole checkpoint in `folder`; what a kill left half-written, or did not come to remove, is removed."""
    shutil.rmtree(folder / ASIDE, ignore_errors=True)
    for found in folder.glob("checkpoint-*"):
        if not _is_whole(found):
            shutil.rmtree(found, ignore_errors=True)
    prune(folder)
    return max(_whole(folder), key=step, default=None)


def step(checkpoint: Path) -> int:
    """The optimizer step after which it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def agree(checkpoint: Path, plan: Plan) -> None:
    """Raises TrainingError, with what differs, where `plan` or the number of processes cannot go on from `checkpoint`.

    A shorter sequence can: it changes no weight's shape. Another number of processes would take other batches.
    """
    before = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))["of"]
    now = _identity(plan)
    differing = [f"{key} {before.get(key)} -> {now[key]}" for key in now if before.get(key) != now[key]]
    if differing:
        run = "/".join(checkpoint.parts[-4:])
        raise TrainingError(f"{run}: was made with another plan ({', '.join(differing)}). Take the old one, or start a new run")


def keep(
    trainer: Any, plan: Plan, *, saved: Callable[[Path], None] | None = None, busy: Callable[[], Path | None] = lambda: None
) -> None:
    """Let `trainer` write each checkpoint aside, seal and rename it, and only then remove the third newest.

    `saved` is called with each new one; the one that `busy` names (it is being copied) is spared. A row is logged at
    every checkpoint: the mean of the steps since the last row is in no checkpoint, so a resume would lose it.
    """
    from transformers import TrainerCallback

    class Logged(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_log = control.should_log or control.should_save

    folder, save = Path(trainer.args.output_dir), trainer._save_checkpoint

    def kept(model: Any, trial: Any) -> None:
        name = f"checkpoint-{trainer.state.global_step}"
        trainer._get_output_dir = lambda trial: str(folder / ASIDE)
        try:
            save(model, trial)  # of several processes each writes its own random state
        finally:
            del trainer._get_output_dir
        ranks.wait()
        if ranks.first():
            seal(folder / ASIDE / name, plan)
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / ASIDE / name).rename(folder / name)
            prune(folder, spare=busy())
            if saved:
                saved(folder / name)
        ranks.wait()

    trainer._save_checkpoint = kept
    trainer.create_model_card = lambda *args, **kwargs: None  # an empty form, at every checkpoint
    trainer.add_callback(Logged())


def adapter(checkpoint: Path, folder: Path, *, name: str) -> None:
    """The adapter of a checkpoint, as lora.save would write it; `name` is the base model's. For FSDP, where no process has it.

    In the checkpoint the trainer has put it together from all processes.
    """
    with aside(folder) as part:
        shutil.copyfile(checkpoint / "adapter_model.safetensors", part / "adapter_model.safetensors")
        settings = json.loads((checkpoint / "adapter_config.json").read_text(encoding="utf-8"))
        settings["base_model_name_or_path"] = name
        (part / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")


def seal(folder: Path, plan: Plan) -> None:
    """Written last: names every file and its size, so that a checkpoint is whole or is not one; and what it is of."""
    sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    with writing(folder):
        text = json.dumps({"of": _identity(plan), "files": sizes}, indent=2)
        (folder / f"{SEAL}.partial").write_text(text, encoding="utf-8")
        (folder / f"{SEAL}.partial").replace(folder / SEAL)


def prune(folder: Path, *, spare: Path | None = None) -> None:
    """Remove all whole checkpoints but the newest two and `spare`."""
    for old in sorted(_whole(folder), key=step)[:-KEPT]:
        if old != spare:
            shutil.rmtree(old, ignore_errors=True)


def _identity(plan: Plan) -> dict[str, Any]:
    facts = json.loads(json.dumps(dataclasses.asdict(plan))) | {"processes": ranks.count()}
    return {key: value for key, value in facts.items() if key != "max_seq_length"}


def _whole(folder: Path) -> list[Path]:
    return [found for found in folder.glob("checkpoint-*") if _is_whole(found)]


def _is_whole(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return False
