"""A stand-in Gemini: a local HTTP server with the real shapes, which answers what a test has put on its list."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, str, bytes]


@dataclass
class Gemini:
    """`replies` are used up one a call (the last one again and again); `asked` holds every request."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def prompts(self) -> list[str]:
        return [asked["prompt"] for asked in self.asked]


def text(words: str, finish: str = "STOP") -> Reply:
    candidate = {"content": {"role": "model", "parts": [{"text": words}]}, "finishReason": finish, "index": 0}
    return _json(200, {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 900, "totalTokenCount": 1000}})


def blocked() -> Reply:
    return _json(200, {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"totalTokenCount": 5}})


def silenced() -> Reply:
    return _json(200, {"candidates": [{"finishReason": "RECITATION", "index": 0}]})


def failure(code: int, message: str = "it failed", *details: dict[str, Any]) -> Reply:
    return _json(code, {"error": {"code": code, "message": message, "status": "X", "details": list(details)}})


def too_many(delay: str | None = None, quota: str = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier") -> Reply:
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]},
    ]
    if delay is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return failure(429, "You exceeded your current quota", *details)


def page() -> Reply:
    return 200, "text/html", b"<html>Please sign in to the network</html>"


@contextmanager
def running() -> Iterator[Gemini]:
    """A server on a free port of this machine until the block ends."""
    gemini = Gemini()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gemini))
    gemini.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield gemini
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(code: int, body: dict[str, Any]) -> Reply:
    return code, "application/json", json.dumps(body).encode()


def _handler(gemini: Gemini) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not re.fullmatch(r"/v1(beta)?/models/[\w.-]+:generateContent(\?.*)?", self.path):
                return self.send(failure(404, "unknown path"))
            parts = body["contents"][0]["parts"]
            picture = next(part["inlineData"] for part in parts if "inlineData" in part)
            gemini.asked.append(
                {
                    "path": self.path,
                    "key": self.headers.get("x-goog-api-key"),
                    "prompt": next(part["text"] for part in parts if "text" in part),
                    "picture": base64.b64decode(picture["data"]),
                    "config": body.get("generationConfig", {}),
                }
            )
            self.send(gemini.next())

        def do_GET(self) -> None:
            self.send(_json(200, {"models": [{"name": "models/gemini-now"}, {"name": "models/gemini-next"}]}))

        def send(self, reply: Reply) -> None:
            code, kind, body = reply
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
