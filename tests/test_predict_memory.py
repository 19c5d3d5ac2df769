"""Memory over many predictions: pictures opened, read, letterboxed, answered by llama.cpp and judged by the real server.

`make soak` asks 500 times, `make test` a twentieth; docs/results/soak.md has the dated result.
"""

import gc
import time

import pytest
from exporting import exported, screen

from ghostlib import config
from ghostlib.inference import predict
from ghostlib.training import memory

SIZES = ((500, 500), (560, 500), (500, 540), (480, 480), (520, 500))  # an OCR's buffers are as large as its largest picture
BOUND = 4.0  # MiB after the first two rounds, however many follow; one of these pictures is 0.7


@pytest.mark.parametrize("count", [25, pytest.param(500, marks=pytest.mark.soak)])
def test_memory_is_the_same_after_many_predictions_as_after_a_few(count, tiny_nano, tmp_path):
    settings = config.load("nano", overrides=["generate.max_new_tokens=6"])
    model = exported(tiny_nano).modelfile.parent
    pictures = [screen(tmp_path, number, size) for number, size in enumerate(SIZES)]
    sizes, started = [], time.monotonic()
    for number in range(count):
        told = predict.predict(pictures[number % len(pictures)], config=settings, model=model)
        assert told.sql.startswith("CREATE TABLE")
        if (number + 1) % len(pictures) == 0:
            gc.collect()
            sizes.append(1024 * memory.resident())
    few, took = sizes[1], time.monotonic() - started
    print(f"\n{count} predictions in {took:.0f} s: {few:.1f} MiB after ten, {sizes[-1]:.1f} at the end")
    assert sizes[-1] - few < BOUND, [round(size, 1) for size in sizes]
