"""A stand-in for Ollama: its HTTP protocol over the real llama.cpp server, with the Modelfile that the export wrote."""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OPTIONS = {"temperature", "num_predict", "num_ctx", "seed", "stop"}  # what is sent here and Ollama documents


class Ollama:
    """What the stand-in was asked, and how it is to behave."""

    def __init__(self, running, modelfile, model="ghost-ui2sql"):
        self.running, self.model = running, model
        self.settings = dict(re.findall(r"^PARAMETER (\S+) (.+)$", modelfile, re.MULTILINE))
        self.asked, self.broken, self.old = [], None, False

    def chat(self, body):
        """The answer's JSON, or (status, error) as Ollama tells it."""
        if body.get("model") not in (self.model, f"{self.model}:latest"):
            return 404, {"error": f"model '{body.get('model')}' not found"}
        if set(body) - {"model", "messages", "stream", "logprobs", "options"} or set(body.get("options", {})) - OPTIONS:
            return 400, {"error": "unknown field"}
        (message,) = body["messages"]
        assert message["role"] == "user" and body["stream"] is False
        parts = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
            for picture in message.get("images", ())
        ]
        told = self.running.handle_chat_completions(
            {
                "messages": [{"role": "user", "content": [*parts, {"type": "text", "text": message["content"]}]}],
                "temperature": body["options"].get("temperature", float(self.settings["temperature"])),
                "max_tokens": body["options"].get("num_predict", int(self.settings["num_predict"])),
                "logprobs": True,
                "cache_prompt": False,
            }
        )
        choice = told["choices"][0]
        answer = {
            "model": self.model,
            "created_at": "2026-11-21T12:00:00Z",
            "message": {"role": "assistant", "content": choice["message"]["content"]},
            "done": True,
            "done_reason": choice["finish_reason"],
            "eval_count": told["usage"]["completion_tokens"],
        }
        if body.get("logprobs") and not self.old:
            kept = choice["logprobs"]["content"]
            answer["logprobs"] = [{"token": one["token"], "logprob": one["logprob"], "bytes": one["bytes"]} for one in kept]
        return 200, answer


@contextmanager
def serving(ollama: Ollama):
    """The URL that it listens on."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._tell(200, {"models": [{"name": f"{ollama.model}:latest"}]} if self.path == "/api/tags" else {})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ollama.asked.append(body)
            if ollama.broken is not None:
                return self._send(*ollama.broken)
            self._tell(*ollama.chat(body))

        def _tell(self, status, answer):
            self._send(status, json.dumps(answer).encode())

        def _send(self, status, content):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
