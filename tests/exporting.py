"""One export of the tiny nano for every test that needs one, and screens to ask about."""

import functools
import shutil
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from ghostlib import config
from ghostlib.inference import converter, export
from ghostlib.tasks import Example

PROMPT = "Write the PostgreSQL schema behind this screen.\n3,4 Order name\n9,0 Customer total"


@functools.cache
def aside() -> tempfile.TemporaryDirectory:
    """Where this session's models lie; removed at its end."""
    return tempfile.TemporaryDirectory(prefix="ghost-")


@functools.cache
def seeing(model: Path) -> Path:
    """The tiny nano with a projector: a fresh Gemma-3's is all zeros, and then no picture matters to anybody."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = Path(aside().name) / "nano"
    shutil.copytree(model, folder)
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("mm_input_projection_weight"))
    tensors[name] = (torch.randn(tensors[name].shape, generator=torch.Generator().manual_seed(1)) * 0.05).half()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@functools.cache
def exported(model: Path) -> export.Export:
    """The tiny nano in f32, where llama.cpp and transformers must agree."""
    out = Path(aside().name) / "gguf"
    return export.convert(seeing(model), out, config=config.load("nano", overrides=["export.quant=f32"]), progress=False)


def cache(folder: Path, monkeypatch) -> Path:
    """An empty cache of its own that holds llama.cpp's converter already."""
    script = converter.converter()
    monkeypatch.setenv("GHOST_CACHE", str(folder))
    folder.mkdir(exist_ok=True)
    (folder / script.parent.name).symlink_to(script.parent)
    return folder


def screen(folder: Path, number: int = 0, size: tuple[int, int] = (640, 400)) -> Path:
    """A picture that differs by `number`, wider than high, so that the letterbox matters."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 30 + 20 * number, 300 + 40 * number, 90 + 20 * number), fill=(200, 40 * number % 255, 30))
    pen.text((50, 40), f"Order name {number}", fill="black")
    file = folder / f"screen-{number}.png"
    image.save(file)
    return file


def questions(folder: Path, count: int = 3) -> list[Example]:
    """Prompts of different lengths, each with its picture."""
    return [
        Example(f"screen-{number}", PROMPT + "\n11,2 Guest name" * number, image=screen(folder, number))
        for number in range(count)
    ]
