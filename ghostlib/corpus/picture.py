"""A stranger's picture, opened safely; and the one letterbox that every backend uses."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ghostlib.errors import PictureError

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000  # a 16-screen-tall phone capture is 1440 x 15,000 = 22 million
LEAST_SIDE = 8
NEUTRAL = (127, 127, 127)  # the middle of SigLIP's range: (x / 255 - 0.5) / 0.5 is then almost 0
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def open_picture(source: Path | str | bytes) -> Image.Image:
    """The picture as RGB, upright (EXIF applied), transparency over white, the first frame of an animation.

    `source` is a path or the file's bytes. Raises PictureError, one line, for anything that is not a usable picture.
    """
    name, data = ("the uploaded picture", source) if isinstance(source, bytes) else (str(source), _bytes(Path(source)))
    if not data:
        raise PictureError(f"{name}: is empty (0 bytes). Save or upload it again.")
    if len(data) > MOST_BYTES:
        raise PictureError(f"{name}: has {len(data) / 2**20:.1f} MB, more than {MOST_BYTES // 2**20}. Save it smaller.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd EXIF and big pictures; both are judged here
            return _decode(data, name)
    except UnidentifiedImageError:
        kind = "a PDF" if data[:5] == b"%PDF-" else "not a picture"
        raise PictureError(f"{name}: is {kind}. Give a PNG, JPEG, WebP, GIF, BMP or TIFF.") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{name}: claims more pixels than any screenshot has. Give a real screenshot.") from None
    except PictureError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, struct.error and more on damage
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PictureError(f"{name}: is damaged ({reason}). Save or upload it again.") from None


def files(folder: Path | str) -> list[Path]:
    """The pictures in a folder, by name. Raises PictureError where there are none."""
    found = sorted(p for p in Path(folder).glob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"))
    if not found:
        raise PictureError(f"{folder}: holds no picture. Give a folder with PNG or JPEG screenshots.")
    return found


def size(source: Path | str) -> tuple[int, int]:
    """Width and height in pixels, from the file's header alone. Raises PictureError for what is no picture."""
    try:
        with Image.open(source) as image:
            return image.size
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"{source}: is no picture ({type(error).__name__}). Give a PNG or JPEG.") from None


def letterbox(image: Image.Image, side: int) -> Image.Image:
    """The picture in a `side` x `side` square: aspect kept, centred, padded with neutral grey, LANCZOS.

    Gemma-3 squashes every image to a square; this keeps the shape of things. A square of that side comes back equal.
    """
    if side < 1:
        raise PictureError(f"a letterbox of side {side} cannot hold a picture. Give at least 1.")
    scale = side / max(image.size)
    width, height = (max(1, min(side, round(edge * scale))) for edge in image.size)
    small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (side, side), NEUTRAL)
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return square


def placed(box: Sequence[float], size: tuple[int, int], side: int) -> tuple[float, float, float, float]:
    """Where a box (left, top, right, bottom) of a picture of `size` lies in its letterbox of `side`, in pixels of that."""
    scale = side / max(size)
    width, height = (max(1, min(side, round(edge * scale))) for edge in size)
    across, down = (side - width) // 2, (side - height) // 2
    left, top, right, bottom = (edge * scale for edge in box)
    return left + across, top + down, right + across, bottom + down


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:  # before reading: nobody needs 4 GB in memory to be refused
            size = path.stat().st_size / 2**20
            raise PictureError(f"{path}: has {size:.1f} MB, more than {MOST_BYTES // 2**20}. Save it smaller.")
        if not path.is_file():
            raise PictureError(f"{path}: is not a file. Name one picture.")
        return path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"{path}: no such picture.") from None
    except (OSError, ValueError) as error:
        raise PictureError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from None


def _decode(data: bytes, name: str) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise PictureError(f"{name}: has {image.width} x {image.height} pixels, too many. Save it smaller.")
    if min(image.size) < LEAST_SIDE:
        raise PictureError(f"{name}: is {image.width} x {image.height} pixels, too small to show anything.")
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")  # 16 bits: Pillow would clip to white
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
