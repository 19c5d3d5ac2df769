"""What a stranger's picture may not do: take the memory, leave a file, be kept or logged; and every backend sees the same."""

import base64
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from exporting import exported, screen, seeing
from PIL import Image

from ghostlib import config
from ghostlib.corpus import picture
from ghostlib.corpus.picture import open_picture
from ghostlib.errors import PictureError
from ghostlib.inference import llama, ollama, predict
from ghostlib.models import generate, load
from ghostlib.tasks import Example

ROOT = Path(__file__).resolve().parents[1]
MEMORY = 900  # MiB that opening may add at most: 40 million pixels are 120 as RGB and 160 as RGBA


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def chunk(name, body):
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def png(width, height, *, kind=b"\x08\x02", before=b"", rows=0):
    """A PNG that claims a size and holds `rows` rows of it, packed as small as zlib can."""
    squeezer, raw = zlib.compressobj(9), b""
    for _ in range(rows):
        raw += squeezer.compress(b"\0" * (1 + 3 * width))
    head = chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + kind + b"\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", raw + squeezer.flush()) + chunk(b"IEND", b"")


def frames(count, size):
    return [Image.new("RGB", size, (number % 255, 0, 0)) for number in range(count)]


def animation(kind, **options):
    first, *rest = frames(40, (400, 300))
    return saved(first, kind, save_all=True, append_images=rest, **options)


REFUSED = {
    "nothing": lambda: b"",
    "a PDF that is called a picture": lambda: b"%PDF-1.7\n" + b"x" * 5000,
    "an SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' width='9999999' height='9999999'/>",
    "a script": lambda: b"#!/bin/sh\necho hello\n",
    "an EPS, which would start another program": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "half a picture": lambda: saved(Image.effect_noise((300, 300), 90))[:20_000],
    "a bomb of 20,000 x 20,000": lambda: png(20_000, 20_000, rows=2000),
    "a bomb of 2 billion pixels a side": lambda: png(2**31 - 1, 2**31 - 1),
    "a profile that unpacks to 500 MB": lambda: png(
        64, 64, before=chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 500_000_000, 9)), rows=1
    ),
    "11 MB": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * (11 * 2**20),
    "no height": lambda: png(100, 0),
    "a GIF of 65,535 x 65,535": lambda: (
        b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02L\x01\0;"
    ),
    "a TIFF whose directory leads into itself": lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
}
TAKEN = {
    "an animated GIF": lambda: animation("GIF"),
    "an animated WebP": lambda: animation("WEBP"),
    "an animated PNG": lambda: animation("PNG"),
    "a TIFF of many pages": lambda: animation("TIFF", compression="tiff_lzw"),
    "CMYK": lambda: saved(Image.new("CMYK", (300, 200), (0, 0, 0, 0)), "JPEG"),
    "16 bits of grey": lambda: saved(Image.new("I;16", (300, 200), 65535)),
    "16 bits a colour": lambda: png(300, 200, kind=b"\x10\x02", rows=400),
    "alpha": lambda: saved(Image.new("RGBA", (300, 200), (0, 0, 0, 0))),
    "grey with alpha": lambda: saved(Image.new("LA", (300, 200), (0, 0))),
    "a palette": lambda: saved(Image.new("P", (300, 200), 3)),
    "one bit": lambda: saved(Image.new("1", (300, 200), 1)),
    "turned by EXIF": lambda: saved(Image.new("RGB", (300, 200), "white"), "JPEG", exif=turned()),
    "40 million pixels": lambda: png(8000, 5000, rows=5000),
    "a very long page": lambda: png(500, 60_000, rows=60_000),
}  # fmt: skip
OPENING = """
import json, resource, sys
from pathlib import Path
from ghostlib.corpus.picture import open_picture
from ghostlib.errors import PictureError
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
import PIL.PngImagePlugin, PIL.GifImagePlugin, PIL.WebPImagePlugin, PIL.TiffImagePlugin
before, told = peak(), {}
for file in sorted(Path(sys.argv[1]).iterdir()):
    try:
        image = open_picture(file)
        told[file.stem] = [image.mode, *image.size, round(peak() - before)]
        del image
    except PictureError as error:
        told[file.stem] = [str(error), round(peak() - before)]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """What a process of its own made of each of them, and by how much its memory had grown by then, in MiB."""
    place = tmp_path_factory.mktemp("hostile")
    for kinds in (REFUSED, TAKEN):
        for name, make in kinds.items():
            (place / f"{name}.png").write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(place)], capture_output=True, text=True, timeout=180, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-800:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_one_line_that_names_the_file(opened, name):
    message, _ = opened[name]
    assert name in message and "\n" not in message and len(message) < 400


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_odd_but_a_picture_is_opened_as_rgb(opened, name):
    mode, width, height, _ = opened[name]
    wanted = {"an": (400, 300), "a TIFF of many pages": (400, 300), "turned by EXIF": (200, 300)}
    wanted |= {"40 million pixels": (8000, 5000), "a very long page": (500, 60_000)}
    shape = wanted.get(name) or ((400, 300) if name.startswith("an animated") else (300, 200))
    assert (mode, width, height) == ("RGB", *shape)


def test_the_memory_is_bounded_whatever_comes(opened):
    grown = {name: told[-1] for name, told in opened.items()}
    assert max(grown.values()) < MEMORY, grown


def test_the_letterbox_of_the_largest_page_is_bounded_too():
    image = Image.new("RGB", (500, 60_000), "white")
    assert picture.letterbox(image, 256).size == (256, 256)


@pytest.mark.parametrize("content", [make() for name, make in REFUSED.items() if "500 MB" not in name])
def test_no_file_is_left_behind_and_nothing_of_the_picture_is_logged(content, tmp_path, monkeypatch, caplog, capfd):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with caplog.at_level(logging.INFO), pytest.raises(PictureError):  # Pillow names chunks at DEBUG
        open_picture(content)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert caplog.text == "" and capfd.readouterr() == ("", "")


def test_an_upload_that_is_answered_is_written_nowhere(tiny_nano, tmp_path, monkeypatch, caplog, capfd):
    settings = config.load("nano", overrides=["generate.max_new_tokens=4", "data.reading=none"])
    content, model = screen(tmp_path).read_bytes(), exported(tiny_nano).modelfile.parent
    predict.predict(content, config=settings, model=model)  # the judge's server starts, in a folder of its own
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    capfd.readouterr()
    with caplog.at_level(logging.DEBUG, logger="ghostlib"):
        told = predict.predict(content, config=settings, model=model)
    assert told.image == "upload"
    assert list((tmp_path / "tmp").iterdir()) == [] == list(work.iterdir())
    assert caplog.text == "" and capfd.readouterr().err == ""
    assert base64.b64encode(content[:60]).decode() not in repr(told)


class Ear:
    """A llama.cpp that answers nothing and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def handle_chat_completions(self, body):
        self.asked.append(body)
        message = {"message": {"content": ""}, "logprobs": {"content": []}, "finish_reason": "stop"}
        return {"choices": [message], "usage": {"completion_tokens": 0}}


@pytest.mark.parametrize("name", ["alpha", "turned by EXIF", "CMYK", "an animated GIF"])
def test_llama_cpp_ollama_and_transformers_are_given_the_same_pixels(name, tiny_nano, monkeypatch):
    import numpy as np

    content = TAKEN[name]()
    question, ear, sent = Example("x", "words", image=content), Ear(), []
    llama.ask(ear, question, max_new_tokens=1, side=256)
    monkeypatch.setattr(ollama, "_asked", lambda path, body=None: sent.append(body) or {"message": {"content": ""}})
    ollama.ask(question, model="m", max_new_tokens=1, side=256)
    uri = ear.asked[0]["messages"][0]["content"][0]["image_url"]["url"]
    first = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))
    second = np.asarray(Image.open(io.BytesIO(base64.b64decode(sent[0]["messages"][0]["images"][0]))))
    base = load.merged(seeing(tiny_nano), config.load("nano"))
    tensor = generate.inputs(base.processor, [question], side=256)["pixel_values"][0].numpy()
    third = np.rint((tensor.transpose(1, 2, 0) * 0.5 + 0.5) * 255).astype("uint8")
    assert first.shape == (256, 256, 3)
    assert np.array_equal(first, second) and np.array_equal(first, third)
    assert np.array_equal(first, np.asarray(picture.letterbox(open_picture(content), 256)))
