"""An adapter merged into its base, some rows in memory at a time: 12B does not fit in Colab's RAM in one piece.

The result lies beside the place that it will take, shard by shard, until all is there: a merge that was stopped goes on
where it was. Numbers are float64 until they are rounded to the base's own dtype.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostlib.config import Config
from ghostlib.errors import DataError, ExportError, MachineError
from ghostlib.models import blueprint, deltas, files, load, lora, nf4, tensors
from ghostlib.models.blueprint import INDEX, Weight

ONTO = ("nf4", "16bit")
JOURNAL, LOCK = "merge.json", "merge.lock"  # what is finished, and of which adapter and base; one process at a time
VALUES = 2**21  # in memory at a time, as float64 (16 MiB): a 15,360 x 3,840 weight is 59 million
EVERY = 30.0  # seconds between the lines of a long merge where no terminal shows a bar


def merge(base: str | Path, adapter: Path, out: Path, *, onto: str = "nf4", progress: bool = True) -> Path:
    """The merged model as a complete folder `out` (config, tokenizer and processor copied), in the base's own dtype.

    `base` is "nano", a hub name or a folder. `onto` is "nf4" (its weights as NF4 holds them, which is what the adapter
    was trained on) or "16bit" (as they are). A merge that was stopped, killed too, goes on after its last whole shard,
    with the same bytes. Raises ExportError for an adapter that does not belong to the base or that is no plain LoRA or
    DoRA, DataError for a base that is not whole, MachineError for a disk that is too small.
    """
    if onto not in ONTO:
        raise ExportError(f"merge onto {onto}: expected nf4 or 16bit")
    source = _folder(base)
    shards = blueprint.drawn(source, adapter, onto)
    total = sum(weight.size for weights in shards.values() for weight in weights)
    of = {"adapter": deltas.digest(adapter), "onto": onto, "versions": _versions()}
    part = out.with_name(out.name + ".partial")
    _check_disk(out, part, total)
    busy = ExportError(f"{out.name}: another process merges it just now. Wait for it")
    with files.aside(out, keep=True), files.held(part / LOCK, busy):
        done = _finished(part, of, shards)
        there = sum(weight.size for name in done for weight in shards[name])
        with _told(total, there, out.name if progress else None) as told:
            try:
                for name, weights in shards.items():
                    if name not in done:
                        done[name] = _write(part / name, weights, told)
                        _note(part, of, done)
            except ExportError:
                shutil.rmtree(part, ignore_errors=True)  # it would fail again in the same place
                raise
        _copy_rest(source, part)
        _write_index(part, shards, total)
    return out


def weights(config: Config, adapter: Path, onto: str) -> tuple[str, str]:
    """Which base `merge` is to take for an adapter of this config, and onto what of it.

    The adapter names the base that it was trained on (the ladder may have changed it); "16bit" asks for its 16-bit twin.
    """
    trained = lora.settings(adapter).get("base_model_name_or_path") or config.model.name
    if onto == "nf4":
        return trained, "nf4" if config.model.quantise else "16bit"
    twin = trained.removesuffix("-bnb-4bit").removesuffix("-unsloth")
    return config.model.merge_name if trained == config.model.name else twin, onto


def _folder(base: str | Path) -> Path:
    where = Path(load.source(str(base)))
    if where.is_dir():
        return where
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(base), ignore_patterns=["*.gguf", "*.bin", "*.pth", "original/*"]))
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{base}: cannot be downloaded ({reason}). Check the connection and the name") from None


def _check_disk(out: Path, part: Path, total: int) -> None:
    needed = total - sum(file.stat().st_size for file in part.glob("*.safetensors"))
    place = next(folder for folder in (out, *out.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise MachineError(
            f"{out}: merging needs {needed / 2**30:.1f} GiB and {free / 2**30:.1f} are free. "
            "Free some space, or set GHOST_OUTPUT to another disk"
        )


def _copy_rest(base: Path, out: Path) -> None:
    for file in sorted(base.iterdir()):
        weights = file.name.endswith((".safetensors", ".bin", ".gguf", ".index.json", ".md", ".partial"))
        if file.is_file() and not weights and not file.name.startswith(".") and file.name != JOURNAL:
            shutil.copyfile(file, out / file.name)
    settings = json.loads((out / "config.json").read_text(encoding="utf-8"))
    settings.pop("quantization_config", None)
    (out / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _write_index(out: Path, shards: dict[str, list[Weight]], total: int) -> None:
    if len(shards) > 1:
        names = {weight.name: shard for shard, weights in shards.items() for weight in weights}
        text = json.dumps({"metadata": {"total_size": total}, "weight_map": names}, indent=2)
        (out / INDEX).write_text(text, encoding="utf-8")


def _write(file: Path, weights: list[Weight], told: Callable[[int], Any]) -> dict[str, Any]:
    """Write one shard aside, and then under its name; what it was made of and what it is, as digests."""
    found = hashlib.sha256()
    aside = file.with_name(f"{file.name}.partial")
    with aside.open("wb") as opened:
        for piece in _bytes(weights):
            opened.write(piece)
            found.update(piece)
            told(len(piece))
        opened.flush()
        os.fsync(opened.fileno())  # the journal must not know of bytes that a power cut takes
    aside.replace(file)
    return {"sha256": found.hexdigest(), "from": _sources(weights)}


def _bytes(weights: list[Weight]) -> Iterator[Any]:
    yield tensors.header({weight.name: (weight.dtype, weight.shape) for weight in weights})
    for weight in weights:
        if weight.statistics or weight.rounded or weight.parts:
            yield from _changed(weight)
        else:
            yield from tensors.pieces(weight.base)


def _changed(weight: Weight) -> Iterator[Any]:
    """The bytes of a weight that is merged or rounded, some rows at a time."""
    import torch

    height = weight.shape[0]
    rows, step = _rows(weight)
    delta = deltas.load(weight.parts) if weight.parts else None
    kind = getattr(torch, tensors.FLOATS[weight.dtype])
    for first in range(0, height, step):
        part = rows(first, min(first + step, height))
        if delta:
            part = delta.applied(part, first)
        part = part.to(kind)
        if not all(extreme.isfinite() for extreme in part.aminmax()):  # which carry a nan along
            raise ExportError(
                f"{weight.name}: is not finite once merged in {weight.dtype}. The adapter has diverged; train it again"
            )
        yield memoryview(part.contiguous().view(torch.uint8).numpy()).cast("B")


def _rows(weight: Weight) -> tuple[nf4.Rows, int]:
    """The rows of the base's weight as training saw them, and how many to take at once."""
    step = nf4.together(weight.shape[1], VALUES)
    if weight.statistics:
        return nf4.stored(weight.base, weight.statistics), step
    plain: nf4.Rows = lambda first, last: tensors.rows(weight.base, first, last)  # noqa: E731
    return (nf4.rounded(plain, weight.shape) if weight.rounded else plain), step


def _sources(weights: list[Weight]) -> dict[str, str]:
    read = {tensor.file for weight in weights for tensor in (weight.base, *weight.statistics.values())}
    return {file.name: _digest(file) for file in sorted(read)}


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _finished(part: Path, of: dict[str, Any], shards: dict[str, list[Weight]]) -> dict[str, Any]:
    """The shards of an earlier try that are whole and of the same adapter and base; anything else is removed."""
    try:
        journal = json.loads((part / JOURNAL).read_text(encoding="utf-8"))
        noted = journal["shards"] if journal["of"] == of else {}
    except (OSError, ValueError, KeyError, TypeError):
        noted = {}
    done = {}
    for name, facts in noted.items():
        same = name in shards and (part / name).is_file() and facts["from"] == _sources(shards[name])
        if same and facts["sha256"] == _digest(part / name):
            done[name] = facts
    for file in part.iterdir():
        if file.name not in (*done, JOURNAL, LOCK):
            file.unlink()
    return done


def _note(part: Path, of: dict[str, Any], done: dict[str, Any]) -> None:
    aside = part / f"{JOURNAL}.partial"
    aside.write_text(json.dumps({"of": of, "shards": done}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    aside.replace(part / JOURNAL)


def _versions() -> dict[str, str]:
    """Of what makes the numbers: another version might round another way, and one model is made by one."""
    return {name: importlib.metadata.version(name) for name in ("bitsandbytes", "torch")}


@contextmanager
def _told(total: int, there: int, name: str | None) -> Iterator[Callable[[int], Any]]:
    """What is to be told of every few bytes written: a bar on a terminal, else a line now and then; a short merge is silent."""
    if name and sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(total=total, initial=there, desc="merging", unit="B", unit_scale=True, delay=2) as bar:
            yield bar.update
        return
    begun = last = time.monotonic()
    written = there

    def told(count: int) -> None:
        nonlocal written, last
        written += count
        now = time.monotonic()
        if name and now - last >= EVERY:
            last, left = now, (total - written) * (now - begun) / max(1, written - there)
            print(f"merging {name}: {written / 1e9:.1f} of {total / 1e9:.1f} GB, {max(0.0, left):.0f} s left", flush=True)

    yield told
