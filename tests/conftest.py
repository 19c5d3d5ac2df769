"""What every test shares: its own output folder, no keys, no network, and one tiny nano for the whole session."""

import gc
import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # here and not in a fixture: huggingface_hub reads it when it is imported

SCHEMA = """\
CREATE TABLE {one}s (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    total numeric(10,2)
);
"""


@pytest.fixture(autouse=True)
def isolation(monkeypatch, tmp_path):
    """No test writes into the checkout's output folder, goes on with a run of the user, or downloads a model."""
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path / "output"))
    for name in ("GHOST_RUN", "GHOST_SCALE", "GHOST_ROOT", "GEMINI_API_KEY", "GOOGLE_API_KEY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module", autouse=True)
def settled():
    """What libraries and earlier modules hold is no garbage: half a million objects, which each collection would search."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def laid_pages(tmp_path_factory):
    """Eighty pages that the browser laid out, of training archetypes."""
    from ghostlib.corpus import laid

    return laid.Pages(laid.lay_out(80, 5, tmp_path_factory.mktemp("laid") / "pages.jsonl", progress=False))


@pytest.fixture(scope="session")
def tiny_nano(tmp_path_factory):
    """The folder of a nano with random weights and a small vocabulary: real Gemma-3, real processor."""
    from ghostlib.models import nano

    words = ("order", "customer", "invoice", "room", "guest", "task", "pet", "song", "book", "driver")
    lines = [line for word in words for line in SCHEMA.format(one=word).splitlines()]
    lines += [f"3,4 {word.title()} name" for word in words] + ["Write the PostgreSQL schema behind this screen."]
    folder = tmp_path_factory.mktemp("models") / "nano"
    nano.create(folder, lines=lines * 5, seed=3)
    return folder
