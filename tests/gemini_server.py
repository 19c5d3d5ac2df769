"""A stand-in Gemini: a local HTTP server with the real shapes, which answers what a test has put on its list.

It takes `/v1` and `/v1beta`, refuses what the real one refuses (another method, a field that does not exist, a request
without a key), and can do to a connection whatever a network does.
"""

import base64
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIELDS = {"contents", "generationConfig", "safetySettings", "tools", "toolConfig", "systemInstruction", "model"}
CONFIG = {"responseMimeType", "responseSchema", "responseJsonSchema", "candidateCount", "maxOutputTokens", "temperature"}
PIECE = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """One answer on the wire; `manner` says how: whole, drop (reset without a byte), half (closed in the middle), drip."""

    code: int
    kind: str
    body: bytes
    manner: str = "whole"
    pause: float = 0.05  # seconds between two bytes that drip
    wait: float = 0.0  # seconds before the first byte


@dataclass
class Gemini:
    """`replies` are used up one a call (the last one again and again), or `answer` is asked; `asked` holds every request.

    `sent` counts the replies that went out whole.
    """

    replies: list[Reply] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], Reply] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    lock: Any = field(default_factory=threading.Lock)

    def next(self, asked: dict[str, Any]) -> Reply:
        with self.lock:
            self.asked.append(asked)
            if self.answer:
                return self.answer(asked)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def prompts(self) -> list[str]:
        return [asked["prompt"] for asked in self.asked]


def text(words: str, finish: str = "STOP", *, thoughts: int = 0) -> Reply:
    candidate = {"content": {"role": "model", "parts": [{"text": words}]}, "finishReason": finish, "index": 0}
    usage = {"promptTokenCount": 900, "candidatesTokenCount": 100, "totalTokenCount": 1000 + thoughts}
    usage |= {"thoughtsTokenCount": thoughts} if thoughts else {}
    return _json(200, {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stand-in", "responseId": "r1"})


def blocked() -> Reply:
    return _json(
        200, {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}}
    )


def silenced() -> Reply:
    return _json(200, {"candidates": [{"finishReason": "RECITATION", "index": 0}]})


def failure(code: int, message: str = "it failed", *details: dict[str, Any]) -> Reply:
    return _json(code, {"error": {"code": code, "message": message, "status": "X", "details": list(details)}})


def too_many(
    delay: str | None = None, quota: str = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", value: str = "15"
) -> Reply:
    violation = {"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": quota, "quotaValue": value}
    details: list[dict[str, Any]] = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}]
    if delay is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return failure(429, "You exceeded your current quota", *details)


def a_day_is_over() -> Reply:
    return too_many("41000s", "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "250")


def page(code: int = 200) -> Reply:
    return Reply(code, "text/html", b"<html>Please sign in to the network</html>")


def dropped() -> Reply:
    return Reply(200, "application/json", b"", "drop")


def halved(reply: Reply) -> Reply:
    return replace(reply, manner="half")


def dripping(reply: Reply, pause: float = 0.05) -> Reply:
    return replace(reply, manner="drip", pause=pause)


def enormous(megabytes: int = 50) -> Reply:
    return text("x" * (megabytes << 20))


@contextmanager
def running() -> Iterator[Gemini]:
    """A server on a free port of this machine until the block ends."""
    gemini = Gemini()
    server = _Server(("127.0.0.1", 0), _handler(gemini))
    gemini.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield gemini
    finally:
        server.shutdown()
        server.socket.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Nothing: whoever asked was killed, or hung up."""


def _json(code: int, body: dict[str, Any]) -> Reply:
    return Reply(code, "application/json; charset=UTF-8", json.dumps(body).encode())


def _handler(gemini: Gemini) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model = re.fullmatch(r"/(v1|v1beta)/models/([\w.-]+):generateContent(\?.*)?", self.path)
            if not model:
                return self.send(failure(404, "unknown path"))
            if not self.headers.get("x-goog-api-key"):
                return self.send(failure(403, "Method doesn't allow unregistered callers"))
            strange = [name for name in body if name not in FIELDS]
            strange += [name for name in body.get("generationConfig", {}) if name not in CONFIG]
            if strange:
                return self.send(failure(400, f'Invalid JSON payload received. Unknown name "{strange[0]}"'))
            self.send(gemini.next(_told(self, model[2], body)))

        def do_GET(self) -> None:
            method = ["generateContent", "countTokens"]
            models = [
                {"name": "models/gemini-now", "supportedGenerationMethods": method},
                {"name": "models/gemini-next", "supportedGenerationMethods": method},
                {"name": "models/embedding-9", "supportedGenerationMethods": ["embedContent"]},
            ]
            self.send(_json(200, {"models": models}))

        def send(self, reply: Reply) -> None:
            time.sleep(reply.wait)
            with suppress(OSError):  # whoever asked may have been killed
                if reply.manner == "drop":  # a reset, not an end
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    return self.connection.close()
                self.send_response(reply.code)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.pour(reply)

        def pour(self, reply: Reply) -> None:
            if reply.manner == "half":
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.close_connection = True
            elif reply.manner == "drip":
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(reply.pause)
            else:
                for start in range(0, len(reply.body), PIECE):
                    self.wfile.write(reply.body[start : start + PIECE])
                with gemini.lock:
                    gemini.sent += 1

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _told(handler: BaseHTTPRequestHandler, model: str, body: dict[str, Any]) -> dict[str, Any]:
    parts = body["contents"][0]["parts"]
    picture = next(part["inlineData"] for part in parts if "inlineData" in part)
    data = picture["data"].replace("-", "+").replace("_", "/")  # both alphabets of base64 are taken
    return {
        "path": handler.path,
        "model": model,
        "key": handler.headers.get("x-goog-api-key"),
        "agent": handler.headers.get("x-goog-api-client", ""),
        "prompt": next(part["text"] for part in parts if "text" in part),
        "picture": base64.b64decode(data),
        "config": body.get("generationConfig", {}),
    }
