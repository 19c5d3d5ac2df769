"""`ghost serve`: the exported model for other programs, by llama.cpp's own server on this machine's loopback alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.config import Config
from ghostlib.corpus.records import INSTRUCTION
from ghostlib.errors import ToolError
from ghostlib.inference import backends, llama

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Served:
    """A server that listens until it is stopped; `url` is the base of OpenAI's protocol, `model` the name to ask for."""

    url: str
    model: str
    side: int  # pixels of the square that a picture is letterboxed to
    running: Any

    def stop(self) -> None:
        """End it and give its memory back."""
        llama.stop()


def start(config: Config, model: Path | None = None, *, port: int = 0) -> Served:
    """The exported model behind OpenAI's protocol on loopback; port 0 takes a free one.

    Raises ExportError where there is no export, ToolError for a port that somebody else has.
    """
    folder = backends.exported(config, model)
    found = backends.verified(folder)
    free(port)
    name = f"ghost-{config.task}"
    context = backends.context(found, config)
    running = llama.server(found.text, found.mmproj, context=context, port=port, alias=name)
    side = int(found.facts.get("image_side") or config.model.image_side)
    return Served(f"{running.listening_address.rstrip('/')}/v1", name, side, running)


def free(port: int) -> None:
    """Raises ToolError where a port is taken: two servers on one would answer by turns."""
    import socket

    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError as error:
            raise ToolError(f"port {port}: cannot be had ({error.strerror}). Choose another with --port") from None


def told(served: Served) -> str:
    """How to call it, as text for a terminal."""
    content = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}},
        {"type": "text", "text": f"{INSTRUCTION}\n5,2 Order number\n7,2 Customer"},
    ]
    body = {"model": served.model, "temperature": 0, "messages": [{"role": "user", "content": content}]}
    return f"""\
{served.model} listens on {served.url} (this machine only; Ctrl-C ends it)

With the openai package:
    from openai import OpenAI
    client = OpenAI(base_url="{served.url}", api_key="none")
    client.chat.completions.create(model="{served.model}", temperature=0, messages=[...])

With curl:
    curl {served.url}/chat/completions -H 'Content-Type: application/json' -d '{json.dumps(body)}'

The picture comes first, letterboxed to {served.side} x {served.side} (ghostlib.corpus.picture.letterbox); the text is the
instruction and what is written on the screen. `ghost predict --prompt IMAGE` prints both for a screenshot."""
