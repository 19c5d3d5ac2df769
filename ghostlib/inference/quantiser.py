"""Q4_K_M out of a 16-bit GGUF: llama.cpp's own K-quants, called in the library that also answers (xllamacpp).

The converter writes no K-quants, and llama-quantize has to be built; the routine below both is exported by that library. Which
tensor gets how many bits is llama.cpp's mixture for this name (`llama_tensor_get_type` in its src/llama-quant.cpp).
"""

import ctypes
import re
from functools import cache
from pathlib import Path
from typing import Any

from ghostlib.errors import ToolError

BLOCK = 256  # weights that share a scale; a narrower row falls back to blocks of 32
ROWS = 2**22  # weights that are in memory as float32 at a time
FALLBACK = {"Q4_K": "Q5_0", "Q6_K": "Q8_0"}
FILE_TYPE = 15  # llama.cpp's number for Q4_K_M


def q4_k_m(source: Path, out: Path) -> Path:
    """Write `source` (f32, f16 or bf16) as Q4_K_M to `out`, some rows at a time. Raises ToolError without a quantiser."""
    from gguf import GGUFReader, GGUFWriter

    library()
    reader = GGUFReader(source)
    fields = reader.fields
    architecture = fields["general.architecture"].contents()
    layers = int(fields[f"{architecture}.block_count"].contents())
    tied = not any(tensor.name == "output.weight" for tensor in reader.tensors)
    writer = GGUFWriter(out, architecture)
    for name, field in fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    writer.add_file_type(FILE_TYPE)
    kinds = [kind(tensor.name, [int(n) for n in tensor.shape], layers, tied=tied) for tensor in reader.tensors]
    for tensor, chosen in zip(reader.tensors, kinds, strict=True):
        _announce(writer, tensor, chosen)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, chosen in zip(reader.tensors, kinds, strict=True):
        writer.write_tensor_data(tensor.data if chosen is None else quantised(tensor, chosen))
    writer.close()
    return out


def kind(name: str, shape: list[int], layers: int, *, tied: bool) -> str | None:
    """ggml's type for a tensor in Q4_K_M, `shape` with the row's width first; None leaves it as it is (norms, biases)."""
    if len(shape) < 2 or not name.endswith("weight") or "_norm" in name:
        return None
    layer = int(found[1]) if (found := re.match(r"blk\.(\d+)\.", name)) else 0
    eighth = layers // 8
    better = layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2
    chosen = "Q6_K" if better and re.search(r"\.(attn_v|ffn_down)\.weight$", name) else "Q4_K"
    if name == "output.weight" or (tied and name == "token_embd.weight"):
        chosen = "Q6_K"
    return chosen if shape[0] % BLOCK == 0 else FALLBACK[chosen]


def quantised(tensor: Any, chosen: str) -> Any:
    """The bytes of one tensor in ggml's type `chosen`, a row of the array a row of the weight."""
    import numpy as np
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    number = GGMLQuantizationType[chosen]
    wide = int(tensor.shape[0])
    plain = tensor.data.reshape(-1, tensor.data.shape[-1])
    made = np.empty((plain.shape[0], _row(chosen, wide)), np.uint8)
    step = max(1, ROWS // wide)
    for first in range(0, plain.shape[0], step):
        part = np.ascontiguousarray(dequantize(plain[first : first + step], tensor.tensor_type), np.float32)
        source = part.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        target = made[first : first + step].ctypes.data_as(ctypes.c_void_p)
        library().ggml_quantize_chunk(int(number), source, target, 0, len(part), wide, None)
    return made


@cache
def library() -> Any:
    """ggml inside xllamacpp, with the one routine that is needed. Raises ToolError where this build does not show it."""
    import xllamacpp

    for file in sorted(Path(xllamacpp.__file__).parent.glob("xllamacpp*.so")):
        made = ctypes.CDLL(str(file))
        if hasattr(made, "ggml_quantize_chunk"):
            made.ggml_quantize_chunk.restype = ctypes.c_size_t
            made.ggml_quantize_chunk.argtypes = [
                ctypes.c_int,
                ctypes.POINTER(ctypes.c_float),
                ctypes.c_void_p,
                ctypes.c_int64,
                ctypes.c_int64,
                ctypes.c_int64,
                ctypes.c_void_p,
            ]
            return made
    raise ToolError(
        "export.quant=q4_k_m: this build of xllamacpp shows no ggml_quantize_chunk. Take q8_0, or export f16 and run "
        "llama.cpp's llama-quantize on it"
    )


def _announce(writer: Any, tensor: Any, chosen: str | None) -> None:
    import numpy as np
    from gguf import GGMLQuantizationType

    if chosen is None:
        writer.add_tensor_info(tensor.name, tensor.data.shape, tensor.data.dtype, tensor.data.nbytes, tensor.tensor_type)
        return
    rows = [int(n) for n in reversed(tensor.shape)][:-1]
    shape = [*rows, _row(chosen, int(tensor.shape[0]))]
    size = int(np.prod(shape))
    writer.add_tensor_info(tensor.name, shape, np.dtype(np.uint8), size, GGMLQuantizationType[chosen])


def _row(chosen: str, wide: int) -> int:
    """Bytes of one row."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType[chosen]]
    return wide // block * size
