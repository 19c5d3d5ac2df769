"""llama.cpp inside this process (xllamacpp): one silent server, started once, asked many times."""

import atexit
import base64
import io
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from ghostlib.corpus import picture
from ghostlib.errors import DataError, ExportError
from ghostlib.models import constrained
from ghostlib.models.generate import END_OF_TURN, Answer
from ghostlib.tasks import Example

SILENT = -1  # below llama.cpp's lowest level of logging
# Bytes of weights below which one thread is best: its threads wait for each other by spinning, and on two busy cores 8
# screens that took one thread 6 s were not done by two threads in 10 minutes.
SMALL = 256 * 2**20
# Exact attention costs nano a tenth of its time and brings its f16 file from 0.02 to 0.01 of the merged model's
# log-probabilities at the worst step; on 4B its cache would take half a GiB more.

_running: dict[tuple[Any, ...], Any] = {}  # the one server, by what it was started with


def server(
    text: Path,
    mmproj: Path | None,
    *,
    context: int,
    threads: int = 0,
    exact: bool = False,
    port: int = 0,
    alias: str = "",
) -> Any:
    """The running server of these files; another model's is stopped first, the last one at exit.

    `context` is in tokens; `threads` 0 takes one for a small model, else every CPU. `exact` takes attention without its
    16-bit short cuts (flash attention, the cache); a small model always does. It listens on loopback, on `port` or any free
    one, and calls its model `alias`. Raises ExportError for files that llama.cpp cannot load.
    """
    import xllamacpp

    small = text.stat().st_size < SMALL
    key = (text, mmproj, context, threads, exact or small, port, alias, text.stat().st_mtime_ns)
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
    if exact or small:
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    count = threads or (1 if small else os.cpu_count() or 1)
    for kind in (params.cpuparams, params.cpuparams_batch):
        kind.n_threads = count
        kind.poll = 0
    try:
        made = xllamacpp.Server(params)
    except Exception as error:  # the binding raises RuntimeError, with llama.cpp's own words at best
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExportError(f"{text}: llama.cpp cannot load it ({reason}). Run `ghost export` again") from None
    # It listens before its loop runs, and an end that comes in between is not heard: on a busy core one `ghost serve` of five
    # that was stopped at once stayed for good. Whoever has answered, runs.
    made.handle_completions({"prompt": " ", "n_predict": 0, "cache_prompt": False})
    _running[key] = made
    atexit.register(stop)
    return made


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

    `grammar` is GBNF, `schema` a JSON Schema, which its llguidance makes a grammar of: nothing else can then be written; a
    confidence is that of the model alone.
    Raises DataError for a prompt that is longer than the context.
    """
    start = time.perf_counter()
    told = running.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": content(example, side)}],
            "temperature": 0,
            "max_tokens": max_new_tokens,
            "logprobs": True,
            "top_logprobs": 1,  # else it tells twenty a token, which takes nano a twelfth of the time of an answer
            "cache_prompt": False,
        }
        | ({"grammar": _of_schema(schema) if schema else grammar} if schema or grammar else {})
    )
    if "choices" not in told:
        raise DataError(
            f"{example.id}: llama.cpp did not answer ({reason(told)}). Use a larger export.context or a smaller screen"
        )
    choice = told["choices"][0]
    sure = [math.exp(token["logprob"]) for token in (choice.get("logprobs") or {}).get("content") or []]
    text = (choice["message"].get("content") or "").removesuffix(END_OF_TURN)
    seconds = time.perf_counter() - start
    return Answer(text, sum(sure) / len(sure) if sure else 0.0, seconds, told["usage"]["completion_tokens"])


def _of_schema(schema: dict[str, Any]) -> str:
    """A JSON Schema as a grammar for llama.cpp, without blanks, as transformers decodes it too."""
    import xllamacpp

    return xllamacpp.json_schema_to_grammar(json.dumps({"x-guidance": constrained.COMPACT} | schema))


def content(example: Example, side: int) -> list[dict[str, Any]]:
    """The question as the parts of a chat message: the letterboxed picture where there is one, then the words."""
    parts: list[dict[str, Any]] = []
    if example.image is not None:
        square = picture.letterbox(picture.open_picture(example.image), side)
        parts.append({"type": "image_url", "image_url": {"url": data_uri(square)}})
    return [*parts, {"type": "text", "text": example.prompt}]


def reason(told: dict[str, Any]) -> str:
    """Why llama.cpp did not answer, in its own words."""
    return told.get("message") or (told.get("error") or {}).get("message") or "no answer"


def data_uri(image: Any) -> str:
    """The picture as a PNG data URI: lossless, so that every backend sees the same pixels."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
