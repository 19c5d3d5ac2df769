"""A model folder as llama.cpp's converter wants it: the architecture named, tensors under Gemma-3's stored names."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostlib.errors import ExportError
from ghostlib.models import nano

ARCHITECTURES = {"gemma3": "Gemma3ForConditionalGeneration", "gemma3_text": "Gemma3ForCausalLM"}
LARGEST_HEADER = 100 * 2**20  # bytes; the limit of the safetensors format itself


@contextmanager
def staged(model: Path, place: Path) -> Iterator[Path]:
    """A temporary folder in `place` that the converter can read: links to the model's files, and what must differ.

    A from-scratch model saved by transformers 5 names its tower `vision_tower.embeddings…` and llama.cpp wants
    `vision_tower.vision_model.embeddings…`; only the headers of such files change, the weights are copied as bytes.
    The folder always has one name: the converter guesses version and size from it, and equal models must give equal bytes.
    """
    settings = _settings(model)
    architectures = settings.get("architectures") or [ARCHITECTURES.get(settings.get("model_type"))]
    if architectures == [None]:
        raise ExportError(f"{model}/config.json: names no architecture that llama.cpp knows. Merge onto a Gemma-3")
    multimodal = settings.get("model_type") == "gemma3"
    shards = {shard: names(shard) if multimodal else {} for shard in model.glob("*.safetensors")}
    strange = {shard for shard, found in shards.items() if any(new != old for old, new in found.items())}
    with tempfile.TemporaryDirectory(dir=place, prefix=".staged-") as aside:
        folder = Path(aside) / "model"
        folder.mkdir()
        for file in model.iterdir():
            if file in strange:
                rename(file, folder / file.name, shards[file])
            elif file.is_file() and file.name != "config.json" and not (strange and file.name.endswith(".index.json")):
                _link(file, folder / file.name)
        (folder / "config.json").write_text(json.dumps(settings | {"architectures": architectures}), encoding="utf-8")
        yield folder


def names(shard: Path) -> dict[str, str]:
    """Each tensor's name in a safetensors file -> the name that llama.cpp's converter knows."""
    return {name: nano.stored_name(name) for name in _header(shard)[0] if name != "__metadata__"}


def rename(shard: Path, out: Path, new: dict[str, str]) -> None:
    """Copy a safetensors file with its tensors renamed; offsets count from the header's end, so they hold."""
    header, start = _header(shard)
    text = json.dumps({new.get(name, name): entry for name, entry in header.items()}).encode()
    text += b" " * (-len(text) % 8)
    with shard.open("rb") as source, out.open("wb") as target:
        source.seek(start)
        target.write(len(text).to_bytes(8, "little") + text)
        shutil.copyfileobj(source, target, 2**24)


def _header(shard: Path) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file and where the weights start. Raises ExportError for anything else."""
    try:
        with shard.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if not 0 < size <= LARGEST_HEADER:
                raise ValueError(f"a header of {size} bytes")
            return json.loads(file.read(size)), 8 + size
    except (OSError, ValueError) as error:
        raise ExportError(f"{shard}: is not a whole safetensors file ({error}). Merge the adapter again") from None


def _settings(model: Path) -> dict[str, Any]:
    try:
        return json.loads((model / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{model}/config.json: cannot be read ({error}). Merge the adapter again") from None


def _link(file: Path, place: Path) -> None:
    try:
        os.symlink(file.resolve(), place)
    except OSError:  # Windows without the right to link
        shutil.copyfile(file, place)
