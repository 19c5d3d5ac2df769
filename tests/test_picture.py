"""Pictures of strangers: every broken one ends in one clear line, every good one in the same RGB pixels."""

import io
import zlib

import pytest
from PIL import Image

from ghostlib.corpus.picture import MOST_BYTES, NEUTRAL, letterbox, open_picture
from ghostlib.errors import PictureError


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(source) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300
    return message


def test_a_missing_an_empty_and_a_foreign_file_are_each_one_line_that_names_the_file(tmp_path):
    assert "missing.png" in refusal(tmp_path / "missing.png")
    (tmp_path / "empty.png").write_bytes(b"")
    assert "0 bytes" in refusal(tmp_path / "empty.png")
    (tmp_path / "letter.png").write_bytes(b"%PDF-1.7\n%rest of a document")
    assert "letter.png: is a PDF" in refusal(tmp_path / "letter.png")
    (tmp_path / "notes.png").write_text("just words")
    assert "not a picture" in refusal(str(tmp_path / "notes.png"))
    assert "not a file" in refusal(tmp_path)
    assert "cannot be read" in refusal("a\0b.png")


def test_a_picture_cut_off_anywhere_is_refused_and_never_crashes():
    noise = Image.effect_noise((80, 60), 90).convert("RGB")
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        whole = saved(noise, kind)
        for part in (0.02, 0.2, 0.5, 0.8):
            assert refusal(whole[: int(len(whole) * part)])


def test_a_flipped_byte_gives_a_picture_or_one_line_and_nothing_else():
    whole = saved(Image.effect_noise((40, 40), 90).convert("RGB"))
    for place in range(0, len(whole), 37):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            assert open_picture(broken).mode == "RGB"
        except PictureError as error:
            assert "\n" not in str(error)


def test_a_decompression_bomb_is_refused_before_its_pixels_exist():
    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    assert "pixels" in refusal(bomb)


def test_more_than_ten_megabytes_are_refused_by_path_and_by_bytes(tmp_path):
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "10" in refusal(path)
    assert "10" in refusal(b"\0" * (MOST_BYTES + 1))


def test_a_picture_of_two_pixels_shows_nothing_and_is_refused():
    assert "too small" in refusal(saved(Image.new("RGB", (2, 2))))


def test_transparency_lands_on_white_and_not_on_black():
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert open_picture(saved(clear)).getpixel((5, 5)) == (255, 255, 255)
    indexed = Image.new("P", (20, 20), 0)
    assert open_picture(saved(indexed, "PNG", transparency=0)).getpixel((5, 5)) == (255, 255, 255)


def test_cmyk_grey_and_sixteen_bits_keep_their_brightness():
    assert open_picture(saved(Image.new("CMYK", (20, 20), (0, 0, 0, 0)), "JPEG")).getpixel((9, 9)) == (255, 255, 255)
    deep = Image.new("I;16", (20, 20), 32768)
    assert open_picture(saved(deep)).getpixel((3, 3)) == (128, 128, 128)
    assert open_picture(saved(Image.new("L", (20, 20), 70))).getpixel((3, 3)) == (70, 70, 70)


def test_a_turned_photograph_comes_back_upright():
    picture = Image.new("RGB", (40, 20), "white")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    assert open_picture(saved(picture, "JPEG", exif=exif)).size == (20, 40)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_picture(data).getpixel((9, 9))[0] > 200


def test_a_letterbox_keeps_the_aspect_centres_and_pads_with_neutral_grey():
    square = letterbox(Image.new("RGB", (200, 100), "red"), 100)
    assert square.size == (100, 100) and square.mode == "RGB"
    assert square.getpixel((50, 50)) == (255, 0, 0)
    assert square.getpixel((50, 10)) == NEUTRAL == square.getpixel((50, 90))
    assert square.getpixel((0, 25)) == square.getpixel((99, 74)) == (255, 0, 0)


def test_a_square_of_the_right_side_passes_the_letterbox_unchanged_and_a_hair_line_survives():
    noise = Image.effect_noise((64, 64), 50).convert("RGB")
    assert letterbox(noise, 64).tobytes() == noise.tobytes()
    assert letterbox(Image.new("RGB", (3000, 8)), 32).size == (32, 32)
    with pytest.raises(PictureError):
        letterbox(noise, 0)
