"""What a folder of GGUF files holds, and whether it is whole: manifest, hashes, token types, the vision tensors."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import ExportError

MANIFEST = "manifest.json"
CONTROL = 3  # llama.cpp's token type; a NORMAL <start_of_turn> would be spelled in letters
TURNS = ("<start_of_turn>", "<end_of_turn>")
IMAGES = ("<start_of_image>", "<end_of_image>")


@dataclass(frozen=True)
class Exported:
    """A model in llama.cpp's format; `mmproj` holds its eyes and is None for a text-only model."""

    text: Path
    mmproj: Path | None
    facts: dict[str, Any]  # the manifest


def find(folder: Path) -> Exported:
    """The model in `folder`, every file compared with the manifest's hash. Raises ExportError."""
    facts = manifest(folder)
    for name, known in facts["files"].items():
        file = folder / name
        if not file.is_file():
            raise ExportError(f"{file}: is missing. Run `ghost export` again")
        if file.stat().st_size != known["bytes"] or sha256(file) != known["sha256"]:
            raise ExportError(f"{file}: is not the file that was exported (its SHA-256 differs). Run `ghost export` again")
    return Exported(folder / facts["text"], folder / facts["mmproj"] if facts["mmproj"] else None, facts)


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an export, its shape checked. Raises ExportError."""
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        names = [facts["text"], *([facts["mmproj"]] if facts["mmproj"] else [])]
        whole = all(isinstance(facts["files"][name]["bytes"], int) and facts["files"][name]["sha256"] for name in names)
        inside = all(Path(name).name == name for name in facts["files"])
    except FileNotFoundError:
        raise ExportError(f"{folder}: holds no exported model ({MANIFEST} is missing). Run `ghost export`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{folder / MANIFEST}: cannot be used ({error!r}). Run `ghost export` again") from None
    if not whole or not inside:
        raise ExportError(f"{folder / MANIFEST}: names files that are not beside it. Run `ghost export` again")
    return facts


def sha256(file: Path) -> str:
    """The file's SHA-256 in hex."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def check_text(file: Path, *, pictures: bool) -> None:
    """Raises ExportError where llama.cpp would not speak as the notebook does: token types, chat template."""
    reader = _reader(file)
    fields = reader.fields
    template = fields.get("tokenizer.chat_template")
    if template is None:
        raise ExportError(f"{file.name}: holds no chat template. Keep chat_template.jinja beside the model")
    if "gemma" not in _text(fields["general.architecture"]):
        return  # another family has other turns; its template names them
    wanted = TURNS + (IMAGES if pictures else ())
    pieces, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    found = {bytes(pieces.parts[place]).decode("utf-8", "replace"): number for number, place in enumerate(pieces.data)}
    for token in wanted:
        kind = int(kinds.parts[kinds.data[found[token]]][0]) if token in found else None
        if kind != CONTROL:
            what = "is missing" if kind is None else f"has the token type {kind}, not {CONTROL} (control)"
            raise ExportError(f"{file.name}: {token} {what}. Make it a control symbol of the SentencePiece model")


def check_vision(file: Path) -> None:
    """Raises ExportError for an mmproj without an image tower or projector: an export that has lost its eyes."""
    reader = _reader(file)
    names = {tensor.name for tensor in reader.tensors}
    for part, prefix in (("image tower", "v.blk.0."), ("patch embedding", "v.patch_embd"), ("projector", "mm.")):
        if not any(name.startswith(prefix) for name in names):
            raise ExportError(f"{file.name}: holds no {part}, so the model would be blind. Convert the whole Gemma-3 folder")


def _reader(file: Path) -> Any:
    from gguf import GGUFReader

    try:
        return GGUFReader(file)
    except (OSError, ValueError, IndexError) as error:
        raise ExportError(f"{file}: is not a whole GGUF file ({error}). Run `ghost export` again") from None


def _text(field: Any) -> str:
    return bytes(field.parts[field.data[0]]).decode("utf-8", "replace")
