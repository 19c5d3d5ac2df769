"""The exported model behind OpenAI's protocol, asked by OpenAI's own client."""

import base64
import io
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from exporting import exported, screen

from ghostlib import config
from ghostlib.corpus import picture
from ghostlib.errors import ExportError, ToolError
from ghostlib.inference import llama, serving
from ghostlib.tasks import Example

PROMPT = "Write the PostgreSQL schema behind this screen.\n3,4 Order name"


@pytest.fixture(scope="module")
def settings():
    return config.load("nano", overrides=["generate.max_new_tokens=8"])


@pytest.fixture(scope="module")
def served(settings, tiny_nano):
    found = serving.start(settings, exported(tiny_nano).modelfile.parent)
    yield found
    found.stop()


def test_the_openai_client_gets_the_answer_that_predict_gets(served, settings, tiny_nano, tmp_path):
    from openai import OpenAI

    file = screen(tmp_path)
    square = io.BytesIO()
    picture.letterbox(picture.open_picture(file), served.side).save(square, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(square.getvalue()).decode()
    content = [{"type": "image_url", "image_url": {"url": uri}}, {"type": "text", "text": PROMPT}]
    with OpenAI(base_url=served.url, api_key="none") as client:
        assert [model.id for model in client.models.list().data] == ["ghost-ui2sql"]
        told = client.chat.completions.create(
            model=served.model, temperature=0, max_tokens=8, messages=[{"role": "user", "content": content}]
        )
        streamed = client.chat.completions.create(
            model=served.model, temperature=0, max_tokens=8, stream=True, messages=[{"role": "user", "content": content}]
        )
        parts = [part.choices[0].delta.content or "" for part in streamed if part.choices]
    direct = llama.ask(served.running, Example("x", PROMPT, image=file), max_new_tokens=8, side=256)
    assert told.choices[0].message.content == direct.text == "".join(parts)


def test_it_listens_on_loopback_and_tells_nobody_what_another_asked(served):
    host, port = served.url.removeprefix("http://").removesuffix("/v1").split(":")
    assert host == "127.0.0.1"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{host}:{port}/slots", timeout=5)


def test_what_is_printed_holds_the_address_the_name_and_a_body_that_is_json(served):
    told = serving.told(served)
    assert served.url in told and f'model="{served.model}"' in told and "256 x 256" in told
    body = json.loads(told.split(" -d '")[1].split("'\n")[0])
    assert body["model"] == served.model and [part["type"] for part in body["messages"][0]["content"]] == ["image_url", "text"]


def test_a_port_that_somebody_else_has_is_one_line(settings, tiny_nano):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ToolError, match="--port") as caught:
            serving.start(settings, exported(tiny_nano).modelfile.parent, port=taken.getsockname()[1])
    assert "\n" not in str(caught.value)


def test_without_an_export_nothing_is_started(settings, tmp_path):
    with pytest.raises(ExportError):
        serving.start(settings, tmp_path)


def test_the_command_serves_until_it_is_interrupted_and_then_ends_quietly(tiny_nano):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = [sys.executable, "-m", "ghostlib.cli", "serve", "--profile", "nano", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--model", str(exported(tiny_nano).modelfile.parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert f"http://127.0.0.1:{port}/v1" in process.stdout.readline()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        assert b"ghost-ui2sql" in answer
    finally:
        process.send_signal(2)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and "stopped" in out and "Traceback" not in errors
