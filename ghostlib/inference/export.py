"""A run's adapter -> a merged model -> GGUF for llama.cpp and Ollama: text, eyes, Modelfile, manifest."""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import Config
from ghostlib.errors import ExportError, MachineError
from ghostlib.inference import card, gguf, quantiser
from ghostlib.inference import converter as converters
from ghostlib.inference.staging import staged
from ghostlib.models import files, lora, merging, tensors
from ghostlib.training.runs import Run

QUANTS = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 1.07, "q4_k_m": 0.64}  # bytes a weight
BEFORE = {"q4_k_m": "f16"}  # what llama.cpp's converter writes first, where it cannot write a quantisation itself
# One process for both files: importing torch and transformers takes the converter longer than writing nano.
ALL_IN_ONE = (
    "import json, runpy, sys\nfor sys.argv in json.loads(sys.argv[1]): runpy.run_path(sys.argv[0], run_name='__main__')"
)
CONVERTER = 700 * 2**20  # bytes of memory: Python, torch and transformers in the converter's process
MARGIN = 1.1  # tokenizer, metadata, what else writes meanwhile


@dataclass(frozen=True)
class Export:
    """What an export wrote. `mmproj_gguf` (the eyes) is None for a text-only model."""

    text_gguf: Path
    mmproj_gguf: Path | None
    modelfile: Path
    seconds: float
    card: Path | None = None  # written where a run was exported, since it quotes the run's numbers


def run(run: Run, *, progress: bool = True) -> Export:
    """Export what a run has trained into `<run>/gguf/` (`gguf-<phase>/` of a run up to a phase).

    An export that is whole and current is handed back at once.

    The model card beside the files quotes the run's numbers as they are now. Raises ExportError for a run without an
    adapter or a model that llama.cpp would misread, MachineError for a disk or a memory that is too small, ToolError
    where llama.cpp's converter cannot be had.
    """
    start = time.perf_counter()
    source = {"adapter": fingerprint(adapter(run)), "base": run.config.model.name, "onto": run.config.export.merge_onto}
    out = run.folder / (f"gguf-{run.until}" if run.until else "gguf")
    found = _current(out, source, run.config)
    if found:
        return replace(found, card=_card(run, out))
    converters.converter()  # before minutes of merging
    model = merged(run, progress=progress)
    made = convert(model, out, config=run.config, source=source, progress=progress)
    run.record(export={"seconds": round(time.perf_counter() - start, 2), "quant": run.config.export.quant})
    return replace(made, card=_card(run, out))


def merged(run: Run, *, progress: bool = True) -> Path:
    """The run's adapter merged into its base: a plain model folder in the cache, made once for each adapter.

    In the cache and not in the run, since `output/` may be a small Google Drive. Raises ExportError without an adapter.
    """
    return plain(run.config, adapter(run), run.config.export.merge_onto, progress=progress)


def plain(config: Config, trained: Path, onto: str, *, progress: bool = True) -> Path:
    """An adapter merged onto "nf4" or "16bit" of its base, as `merged` says; older merged models give way to a full disk."""
    name = f"{config.model.name.rpartition('/')[2]}-{onto}-{fingerprint(trained)[:16]}"
    folder = configs.cache() / "merged" / name
    if (folder / "config.json").is_file():
        os.utime(folder)
        return folder
    base, onto = merging.weights(config, trained, onto)
    try:
        return lora.merge(base, trained, folder, onto=onto, progress=progress)
    except MachineError:
        if not drop_merged(keep=folder):
            raise
    return lora.merge(base, trained, folder, onto=onto, progress=progress)


def drop_merged(*, keep: Path | None = None) -> list[Path]:
    """Remove every merged model from the cache (they can be made again) but an unfinished `keep`, and say which."""
    unfinished = keep and f"{keep.name}.partial"
    found = [
        folder for folder in sorted((configs.cache() / "merged").glob("*")) if folder.is_dir() and folder.name != unfinished
    ]
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def adapter(run: Run) -> Path:
    """The adapter that a run ended with. Raises ExportError where it has none."""
    trained = run.trained()
    if trained is None:
        raise ExportError(f"{run.folder.name}: has no adapter to merge. Train first (`ghost train`, notebooks 02 and 04)")
    return trained


def as_lora(trained: Path) -> None:
    """Raises ExportError with the reason why an adapter is not written as a LoRA-GGUF; nothing here writes one.

    llama.cpp adds alpha / r times B A to a weight. It has no magnitude for DoRA, and no square root for rsLoRA: the file
    would load and answer wrongly.
    """
    told = lora.settings(trained)
    rank, alpha = told.get("r") or 1, told.get("lora_alpha") or 1
    if told.get("use_dora"):
        reason = "is a DoRA, and llama.cpp's LoRA has no place for its magnitudes"
    elif told.get("use_rslora"):
        reason = f"is an rsLoRA: llama.cpp would scale it by {alpha / rank:g} and not by {alpha / rank**0.5:g}"
    else:
        reason = "would need its base as a GGUF beside it"
    raise ExportError(f"{trained.parent.name}/{trained.name}: {reason}. Export it merged: `ghost export` without --lora")


def fingerprint(folder: Path) -> str:
    """SHA-256 over an adapter's weights and settings."""
    digest = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        digest.update(gguf.sha256(folder / name).encode())
    return digest.hexdigest()


def convert(model: Path, out: Path, *, config: Config, source: dict[str, Any] | None = None, progress: bool = True) -> Export:
    """A plain model folder as GGUF in `out`, beside a Modelfile and a manifest; whole or not there at all.

    Both files are looked into: token types, chat template, the image tower. Raises ExportError for any lack.
    """
    start = time.perf_counter()
    quant = config.export.quant
    if quant not in QUANTS:
        raise ExportError(f"export.quant={quant}: does not exist here. There are: {', '.join(QUANTS)}")
    first = BEFORE.get(quant, quant)
    if first != quant:
        quantiser.library()  # before minutes of converting
    settings = _settings(model)
    pictures, gemma = "vision_config" in settings, str(settings.get("model_type")).startswith("gemma")
    _check_disk(model, out, quant)
    _check_memory(model)
    text, eyes = f"model-{quant}.gguf", f"mmproj-{_vision_quant(quant)}.gguf" if pictures else None
    with files.aside(out) as part, staged(model, part) as folder:
        name = ["--model-name", f"ghost-{config.task}"]  # else it is the folder's, and equal models differ in bytes
        jobs = {part / f"model-{first}.gguf": ["--outtype", first, *name]}
        if eyes:
            jobs[part / eyes] = ["--outtype", _vision_quant(quant), "--mmproj", *name]
        _convert_all(folder, jobs, size=_weights(model), progress=progress)
        if first != quant:
            quantiser.q4_k_m(part / f"model-{first}.gguf", part / text)
            (part / f"model-{first}.gguf").unlink()
        gguf.check_text(part / text, pictures=pictures)
        if eyes:
            gguf.check_vision(part / eyes)
        (part / "Modelfile").write_text(modelfile(text, eyes, config=config, gemma=gemma), encoding="utf-8")
        wanted = [part / file for file in (text, eyes) if file]
        facts = {
            "text": text,
            "mmproj": eyes,
            "task": config.task,
            "model": config.model.name,
            "image_side": config.model.image_side,
            "context": config.export.context,
            "quant": quant,
            "source": source or {"folder": model.name},
            "converter": f"{converters.PACKAGE} {converters.VERSION}",
            "files": {file.name: {"bytes": file.stat().st_size, "sha256": gguf.sha256(file)} for file in wanted},
        }
        (part / gguf.MANIFEST).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return Export(out / text, out / eyes if eyes else None, out / "Modelfile", time.perf_counter() - start)


def cached(model: Path, folder: Path, *, config: Config) -> gguf.Exported:
    """The GGUF files of a plain model in a `folder` of the cache, made once: of two processes one converts, the other waits."""
    if not (folder / gguf.MANIFEST).is_file():
        with files.turn(folder.with_name(f"{folder.name}.lock")):
            if not (folder / gguf.MANIFEST).is_file():
                convert(model, folder, config=config, progress=False)
    return gguf.find(folder)


def modelfile(text: str, mmproj: str | None, *, config: Config, gemma: bool = True) -> str:
    """Ollama's Modelfile (0.30.4 or newer): text and eyes, greedy, Gemma's turns, and no system role.

    Training never sees a system message, and Gemma's templates differ on where one goes.
    """
    lines = [f"FROM ./{text}", *([f"FROM ./{mmproj}"] if mmproj else []), ""]
    if gemma:
        lines += [
            'TEMPLATE """<start_of_turn>user',
            "{{ .Prompt }}<end_of_turn>",
            "<start_of_turn>model",
            '{{ .Response }}<end_of_turn>"""',
            "",
            'PARAMETER stop "<end_of_turn>"',
        ]
    lines += [
        f"PARAMETER num_ctx {config.export.context}",
        f"PARAMETER num_predict {config.generate.max_new_tokens}",
        "PARAMETER temperature 0",
    ]
    return "\n".join(lines) + "\n"


def _card(run: Run, out: Path) -> Path:
    """The model card of the export in `out`, with the numbers of the run as they are now."""
    file, facts = out / card.CARD, gguf.manifest(out)
    told = run.facts().get("evaluation")
    text = card.written(facts, run.config, run=run.folder, adapter=fingerprint(adapter(run)), evaluation=told)
    with files.writing(file):
        file.write_text(text, encoding="utf-8")
    return file


def _current(folder: Path, source: dict[str, Any], config: Config) -> Export | None:
    """The export in `folder` where it is whole and of this adapter, quantisation and context."""
    try:
        found = gguf.find(folder)
    except ExportError:
        return None
    same = (found.facts.get("source"), found.facts.get("quant"), found.facts.get("context")) == (
        source,
        config.export.quant,
        config.export.context,
    )
    ready = same and (folder / "Modelfile").is_file()
    return Export(found.text, found.mmproj, folder / "Modelfile", 0.0) if ready else None


def _convert_all(folder: Path, jobs: dict[Path, list[str]], *, size: int, progress: bool) -> None:
    """Run llama.cpp's converter for each file, all in one child process; its log is read only where it fails."""
    from tqdm import tqdm

    script = converters.converter()
    calls = [[str(script), str(folder), "--outfile", str(out), *options] for out, options in jobs.items()]
    surroundings = {name: value for name, value in os.environ.items() if name != "NO_LOCAL_GGUF"}
    surroundings |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(script.parent)}
    with (
        tqdm(total=size, desc="GGUF", unit="B", unit_scale=True, disable=not progress) as bar,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
    ):
        command = [sys.executable, "-c", ALL_IN_ONE, json.dumps(calls)]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings)
        try:
            while process.poll() is None:
                written = min(sum(out.stat().st_size for out in jobs if out.exists()), size)
                if written > bar.n:
                    bar.update(written - bar.n)
                time.sleep(0.05)
        finally:
            if process.poll() is None:  # Ctrl-C
                process.kill()
                process.wait()
        bar.update(size - bar.n)
        missing = [out.name for out in jobs if not out.is_file()]
        if process.returncode or missing:
            log.seek(0)
            lines = [line.strip() for line in log if line.strip()] or ["it said nothing"]
            raise ExportError(f"{', '.join(missing) or folder.name}: llama.cpp's converter failed ({lines[-1][:300]})")


def _settings(model: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return json.loads((model / "config.json").read_text(encoding="utf-8"))
    raise ExportError(f"{model}: no model there (config.json is missing or broken). Merge an adapter first")


def _weights(model: Path) -> int:
    """Bytes of the weights in a model folder. Raises ExportError where there are none."""
    total = sum(file.stat().st_size for file in model.glob("*.safetensors"))
    if not total:
        raise ExportError(f"{model}: holds no *.safetensors. Merge an adapter first")
    return total


def _vision_quant(quant: str) -> str:
    return "f16" if quant in ("q8_0", "q4_k_m") else quant  # the eyes are small and suffer first


def _check_disk(model: Path, out: Path, quant: str) -> None:
    weight = QUANTS[quant] + (QUANTS[BEFORE[quant]] if quant in BEFORE else 0)  # both lie there for a while
    needed = int(_weights(model) / 2 * weight * MARGIN)  # merged models are stored in 16 bit
    place = next(folder for folder in (out, *out.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise MachineError(
            f"{out}: the GGUF files need {needed / 2**30:.1f} GiB and {free / 2**30:.1f} are free. "
            "Free some space, or take export.quant=q8_0"
        )


def _check_memory(model: Path) -> None:
    """The converter holds one tensor at a time, as stored, in float32 and in what it becomes; beside them Python and torch."""
    largest = max(
        (math.prod(tensor.shape) for file in model.glob("*.safetensors") for tensor in tensors.index(file).values()), default=0
    )
    needed, free = CONVERTER + 3 * 4 * largest, machine.memory_free()
    if free is not None and free < needed:
        raise MachineError(
            f"{model.name}: its largest tensor needs {needed / 2**30:.1f} GiB of memory to convert and {free / 2**30:.1f} are "
            "free. Close something, restart the notebook's kernel, or convert on a larger machine"
        )
