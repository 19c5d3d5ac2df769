"""A local Ollama that answers over its HTTP API, one question at a time; it takes no GBNF, so no grammar holds it."""

import base64
import io
import json
import math
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from ghostlib.corpus import picture
from ghostlib.errors import ConfigError, DataError, ToolError
from ghostlib.models.generate import END_OF_TURN, Answer
from ghostlib.tasks import Example

URL = "http://127.0.0.1:11434"  # Ollama's own
TIMEOUT = 600.0  # seconds of silence: a large model is loaded first
LONGEST = 20 * 2**20  # bytes of an answer


def url() -> str:
    """Where Ollama listens: GHOST_OLLAMA_URL, else its own default. Raises ConfigError for what is no http address."""
    told = os.environ.get("GHOST_OLLAMA_URL") or URL
    parts = urllib.parse.urlsplit(told)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"GHOST_OLLAMA_URL={told}: is no http address. Write it as {URL}")
    return told.rstrip("/")


def check(model: str) -> None:
    """Raises ToolError, one line with the command to run, where Ollama does not answer or does not have the model."""
    found = [str(entry.get("name", "")) for entry in _asked("/api/tags").get("models") or () if isinstance(entry, dict)]
    if model not in found and f"{model}:latest" not in found:
        raise ToolError(f"Ollama has no model {model}. Make it in an export's folder: ollama create {model} -f Modelfile")


def ask(example: Example, *, model: str, max_new_tokens: int, side: int) -> Answer:
    """The model's greedy answer; the picture goes in as the letterboxed square that every backend sees, as a PNG.

    The confidence is 0.0 where this Ollama is too old to give probabilities. Raises ToolError, or DataError for a question
    that Ollama refuses.
    """
    start = time.perf_counter()
    message: dict[str, Any] = {"role": "user", "content": example.prompt}
    if example.image is not None:
        file = io.BytesIO()
        picture.letterbox(picture.open_picture(example.image), side).save(file, "PNG")
        message["images"] = [base64.b64encode(file.getvalue()).decode()]
    told = _asked(
        "/api/chat",
        {
            "model": model,
            "messages": [message],
            "stream": False,
            "logprobs": True,
            "options": {"temperature": 0, "num_predict": max_new_tokens},
        },
    )
    text = (told.get("message") or {}).get("content")
    if not isinstance(text, str):
        raise ToolError(f"{url()}: answered without a message. Is it an Ollama?")
    sure = [math.exp(token["logprob"]) for token in told.get("logprobs") or () if "logprob" in token]
    seconds = time.perf_counter() - start
    confidence = sum(sure) / len(sure) if sure else 0.0
    return Answer(text.removesuffix(END_OF_TURN), confidence, seconds, int(told.get("eval_count") or 0))


def _asked(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    place = url()
    request = urllib.request.Request(
        f"{place}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    # No proxy of the environment: a screenshot goes to the address that was named and nowhere else.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            told = json.loads(answer.read(LONGEST))
    except urllib.error.HTTPError as error:
        raise DataError(f"{place}{path}: Ollama refuses ({error.code}: {_reason(error)}). Look into its log") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ToolError(
            f"{place}: Ollama does not answer ({reason}). Start it with `ollama serve`, or set GHOST_OLLAMA_URL"
        ) from None
    if not isinstance(told, dict):
        raise ToolError(f"{place}{path}: answered with a {type(told).__name__}. Is it an Ollama?")
    return told


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(10_000))["error"]).splitlines()[0][:200]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return str(error.reason)
