"""Our reading and writing of safetensors beside the library's own."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from ghostlib.errors import DataError
from ghostlib.models import tensors

HELD = {
    "a": torch.arange(12, dtype=torch.float32).view(3, 4),
    "b": torch.randn(5, 2, 3).bfloat16(),
    "c": torch.randn(1001).half(),
    "none": torch.empty(0, 4),
    "one": torch.tensor(3),
    "bytes": torch.arange(7, dtype=torch.uint8),
    "yes": torch.tensor([True, False]),
}


@pytest.fixture
def file(tmp_path):
    save_file(HELD, tmp_path / "held.safetensors", metadata={"format": "pt"})
    return tmp_path / "held.safetensors"


def test_every_tensor_and_any_of_its_rows_is_read_as_the_library_reads_it(file):
    found = tensors.index(file)
    assert found.keys() == HELD.keys()
    for name, expected in HELD.items():
        assert found[name].shape == tuple(expected.shape)
        if name != "yes":
            assert torch.equal(tensors.whole(found[name]), expected)
    assert torch.equal(tensors.rows(found["b"], 1, 4), HELD["b"][1:4])
    assert torch.equal(tensors.rows(found["none"], 0, 0), HELD["none"])


def test_what_is_written_loads_with_the_library(file, tmp_path):
    found = tensors.index(file)
    with (tmp_path / "copy.safetensors").open("wb") as copy:
        copy.write(tensors.header({name: (one.dtype, one.shape) for name, one in found.items()}))
        for one in found.values():
            copy.writelines(tensors.pieces(one))
    loaded = load_file(tmp_path / "copy.safetensors")
    assert loaded.keys() == HELD.keys() and all(torch.equal(loaded[name], HELD[name]) for name in HELD)


def test_a_large_tensor_is_copied_in_pieces(file, monkeypatch):
    monkeypatch.setattr(tensors, "PIECE", 100)
    one = tensors.index(file)["c"]
    parts = list(tensors.pieces(one))
    assert len(parts) == 21 and b"".join(parts) == bytes(HELD["c"].view(torch.uint8).numpy())


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole + b"x",
        lambda whole: b"",
        lambda whole: whole[:20],
        lambda whole: b"\xff" * 8 + whole[8:],
        lambda whole: whole[:8] + b"[" + whole[9:],
        lambda whole: whole.replace(b'"dtype":"F32"', b'"dtype":"F16"', 1),
        lambda whole: whole.replace(b'"shape":[3,4]', b'"shape":[3,5]', 1),
        lambda whole: whole.replace(b'"shape":[3,4]', b'"shape":"ab"', 1),
    ],
    ids=["cut", "too long", "empty", "half a header", "endless header", "no object", "other dtype", "other shape", "no shape"],
)
def test_a_file_that_is_not_whole_is_refused_in_one_line_that_names_it(file, damage):
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert file.read_bytes() != whole
    with pytest.raises(DataError, match=r"held\.safetensors: is not a whole") as raised:
        tensors.index(file)
    assert "\n" not in str(raised.value)


def test_no_file_and_no_header_are_refused_too(tmp_path):
    for name, text in (("none", None), ("text", "hello, world"), ("list", "[]")):
        if text is not None:
            body = json.dumps(text).encode()
            (tmp_path / name).write_bytes(len(body).to_bytes(8, "little") + body)
        with pytest.raises(DataError):
            tensors.index(tmp_path / name)
