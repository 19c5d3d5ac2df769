"""llama.cpp inside this process (xllamacpp): one silent server, started once, asked many times."""

import atexit
import base64
import io
import math
import os
import time
from pathlib import Path
from typing import Any

from ghostlib.corpus import picture
from ghostlib.errors import DataError, ExportError
from ghostlib.models.generate import END_OF_TURN, Answer
from ghostlib.tasks import Example

SILENT = -1  # below llama.cpp's lowest level of logging
# Bytes of weights below which one thread is best: its threads wait for each other by spinning, and on two busy cores 8
# screens that took one thread 6 s were not done by two threads in 10 minutes.
SMALL = 256 * 2**20

_running: dict[tuple[Any, ...], Any] = {}  # the one server, by what it was started with


def server(text: Path, mmproj: Path | None, *, context: int, threads: int = 0, port: int = 0, alias: str = "") -> Any:
    """The running server of these files; another model's is stopped first, the last one at exit.

    `context` is in tokens; `threads` 0 takes one for a small model, else every CPU. It listens on loopback, on `port` or any
    free one, and calls its model `alias`. Raises ExportError for files that llama.cpp cannot load.
    """
    import xllamacpp

    key = (text, mmproj, context, threads, port, alias, text.stat().st_mtime_ns)
    if key in _running:
        return _running[key]
    stop()
    params = xllamacpp.CommonParams()
    params.model.path = str(text)
    if mmproj:
        params.mmproj.path = str(mmproj)
    params.port = port
    params.endpoint_slots = False  # it would tell one caller what another one asks
    if alias:
        params.model_alias = {alias}
    params.verbosity = SILENT
    params.n_ctx = context
    params.n_parallel = 1
    params.warmup = False
    params.ui = False  # it listens on loopback; nobody asked for its web page
    params.cache_ram_mib = 0  # no prompts of strangers kept in memory
    count = threads or (1 if text.stat().st_size < SMALL else os.cpu_count() or 1)
    for kind in (params.cpuparams, params.cpuparams_batch):
        kind.n_threads = count
        kind.poll = 0
    try:
        _running[key] = xllamacpp.Server(params)
    except Exception as error:  # the binding raises RuntimeError, with llama.cpp's own words at best
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExportError(f"{text}: llama.cpp cannot load it ({reason}). Run `ghost export` again") from None
    atexit.register(stop)
    return _running[key]


def stop() -> None:
    """Stop the server where one runs, and give its memory back."""
    _running.clear()
    atexit.unregister(stop)


def ask(
    running: Any,
    example: Example,
    *,
    max_new_tokens: int,
    side: int,
    grammar: str = "",
    schema: dict[str, Any] | None = None,
) -> Answer:
    """The model's greedy answer; the picture goes in as the same letterboxed square that transformers sees.

    `grammar` is GBNF, `schema` a JSON Schema (llama.cpp makes a grammar of it): nothing else can then be written; a
    confidence is that of the model alone.
    Raises DataError for a prompt that is longer than the context.
    """
    start = time.perf_counter()
    parts: list[dict[str, Any]] = []
    if example.image is not None:
        square = picture.letterbox(picture.open_picture(example.image), side)
        parts.append({"type": "image_url", "image_url": {"url": data_uri(square)}})
    parts.append({"type": "text", "text": example.prompt})
    told = running.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": parts}],
            "temperature": 0,
            "max_tokens": max_new_tokens,
            "logprobs": True,
            "cache_prompt": False,
            **({"json_schema": schema} if schema else {}),
        }
        | ({"grammar": grammar} if grammar else {})
    )
    if "choices" not in told:
        reason = told.get("message") or (told.get("error") or {}).get("message") or "no answer"
        raise DataError(f"{example.id}: llama.cpp did not answer ({reason}). Use a larger export.context or a smaller screen")
    choice = told["choices"][0]
    sure = [math.exp(token["logprob"]) for token in (choice.get("logprobs") or {}).get("content") or []]
    text = (choice["message"].get("content") or "").removesuffix(END_OF_TURN)
    seconds = time.perf_counter() - start
    return Answer(text, sum(sure) / len(sure) if sure else 0.0, seconds, told["usage"]["completion_tokens"])


def data_uri(image: Any) -> str:
    """The picture as a PNG data URI: lossless, so that every backend sees the same pixels."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
