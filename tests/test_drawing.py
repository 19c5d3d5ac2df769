"""The engine: the same screens with any number of pages at once, nothing drawn twice, nothing lost."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from browsers import children

from ghostlib import config
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.quality import check
from ghostlib.corpus.records import Screen, read_screens, save
from ghostlib.corpus.screens import archetypes, browser, drawing, readings
from ghostlib.corpus.screens.__main__ import tidy
from ghostlib.corpus.screens.domains import TRAINING, VALIDATION
from ghostlib.corpus.screens.drawn import complete
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.corpus.screens.turns import turns
from ghostlib.errors import DataError, ToolError

COUNT, SEED = 6, 8
needs_browser = pytest.mark.skipif(
    not browser.installed(), reason="no Chromium or Chrome is installed here, so nothing can be drawn"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A few screens of both splits, drawn with three pages at once."""
    out = tmp_path_factory.mktemp("drawn")
    for split in drawing.PLACES:
        drawing.draw(COUNT, SEED, out, split=split, jobs=3, progress=False)
    return out


def contents(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_turns_are_balanced_at_every_length_and_what_is_validation_only_never_trains():
    made = list(itertools.islice(turns(3, "train", TRAINING), 420))
    assert made[:50] == list(itertools.islice(turns(3, "train", TRAINING), 50))
    for length in (84, 420):
        for key in (lambda turn: turn.domain, lambda turn: turn.archetype, lambda turn: turn.look.name):
            counted = Counter(map(key, made[:length]))
            assert max(counted.values()) - min(counted.values()) <= 2, counted
    pairs = Counter((turn.archetype, turn.look.name) for turn in made)
    assert max(pairs.values()) - min(pairs.values()) <= 4
    assert {turn.archetype for turn in made} == set(archetypes.ARCHETYPES) - set(archetypes.VALIDATION_ONLY)
    assert {turn.look.name for turn in made} == {look.name for look in LOOKS.values() if not look.validation_only}
    other = list(itertools.islice(turns(3, "validation", VALIDATION), 156))
    assert {turn.archetype for turn in other} == set(archetypes.ARCHETYPES)
    assert {turn.look.name for turn in other} == set(LOOKS) and {turn.size for turn in other} >= {turn.size for turn in made}


def test_another_process_makes_the_same_schemas_and_html_byte_for_byte():
    program = (
        "import hashlib, itertools\nfrom ghostlib.corpus.screens import drawing\n"
        "pages = [*itertools.islice(drawing.design(4), 12), *itertools.islice(drawing.design(4, 'validation'), 12)]\n"
        "print(hashlib.sha256(repr([(p.name, p.html, p.plan.schema, p.scroll) for p in pages]).encode()).hexdigest())\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": str(config.root())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(told) == 1


@needs_browser
def test_one_page_at_a_time_gives_the_same_files_as_three(folder, tmp_path):
    for split in drawing.PLACES:
        drawing.draw(COUNT, SEED, tmp_path, split=split, jobs=1, progress=False)
    assert contents(tmp_path) == contents(folder)


@needs_browser
def test_every_drawn_screen_passes_every_gate_and_carries_its_record_whole(folder):
    screens = [screen for _, file in drawing.PLACES.values() for screen in read_screens(folder / file)]
    report = check(screens, root=folder)
    assert report.passed, str(report)
    for screen in screens:
        assert screen.title and screen.look in LOOKS and screen.size in LOOKS[screen.look].sizes
        assert screen.ui_analysis["elements"] and screen.ui_analysis["complexity"] in ("low", "medium", "high")
        assert open_picture(folder / screen.image_path).size[0] == screen.size[0] and screen.labels and screen.lines


@needs_browser
def test_what_is_there_is_kept_without_a_browser_and_a_lost_picture_alone_is_drawn_again(folder, tmp_path, monkeypatch):
    drawing.draw(3, SEED, tmp_path, progress=False)
    before = contents(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert len(drawing.draw(3, SEED, tmp_path, progress=False)) == 3
    victim = next((tmp_path / "ui_screenshots").iterdir())
    victim.unlink()
    with pytest.raises(ToolError, match="needs a browser"):
        drawing.draw(3, SEED, tmp_path, progress=False)
    monkeypatch.undo()
    drawing.draw(3, SEED, tmp_path, progress=False)
    assert contents(tmp_path) == before


@needs_browser
def test_a_smaller_call_and_another_seed_lose_nothing_of_an_earlier_one(tmp_path):
    first = drawing.draw(3, SEED, tmp_path, progress=False)
    few = drawing.draw(1, SEED, tmp_path, progress=False)
    other = drawing.draw(1, SEED + 1, tmp_path, progress=False)
    kept = {screen.image_path for screen in read_screens(tmp_path / "dataset_vision.json")}
    assert few == first[:1] and kept == {screen.image_path for screen in (*first, *other)}


@needs_browser
def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(tmp_path):
    words = [sys.executable, "-m", "ghostlib.cli", "screens", "--count", "40", "--seed", "21", "--out", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(config.root())}
    running = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    pictures = tmp_path / "ui_screenshots"
    for _ in range(600):
        if len(list(pictures.glob("*.png"))) >= 4 or running.poll() is not None:
            break
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does it: the browser and its driver get it too
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130 and "goes on" in told.splitlines()[-1] and "Traceback" not in told
    kept = read_screens(tmp_path / "dataset_vision.json")
    assert 3 <= len(kept) < 40 and not list(pictures.glob("*.part"))
    stamps = {screen.image_path: (tmp_path / screen.image_path).stat().st_mtime_ns for screen in kept}
    made = drawing.draw(len(kept) + 3, 21, tmp_path, progress=False)
    assert len(made) == len(kept) + 3
    assert all((tmp_path / name).stat().st_mtime_ns == stamp for name, stamp in stamps.items())


@needs_browser
def test_it_draws_inside_a_running_event_loop_as_a_notebook_has_one(tmp_path):
    async def cell():
        return drawing.draw(1, SEED, tmp_path, progress=False)

    assert len(asyncio.run(cell())) == 1


@needs_browser
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the browser's processes")
def test_pages_and_the_browser_killed_on_the_way_cost_nothing_but_time(folder, tmp_path):
    killed = []

    def assault():
        for kind in ("renderer", "", "renderer"):
            while len(list(tmp_path.rglob("*.png"))) <= len(killed) or not children(kind):
                time.sleep(0.02)
            for pid in children(kind):
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

    threading.Thread(target=assault, daemon=True).start()
    drawing.draw(COUNT, SEED, tmp_path, jobs=2, progress=False)
    name = drawing.PLACES["train"][1]
    assert killed and (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@needs_browser
def test_ctrl_c_in_a_notebook_ends_the_drawing_on_the_other_thread_too(tmp_path):
    def watch():
        while len(list(tmp_path.rglob("*.png"))) < 4:  # a picture is there before its record is
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    async def cell():
        drawing.draw(60, SEED, tmp_path, progress=False)

    loop = asyncio.new_event_loop()
    threading.Thread(target=watch, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    finally:
        loop.close()
    kept = len(read_screens(tmp_path / "dataset_vision.json"))
    assert 2 <= kept < 60 and not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


@needs_browser
def test_a_window_that_would_hide_evidence_becomes_the_whole_page():
    pages = itertools.islice((page for page in drawing.design(5) if page.scroll is not None), 4)
    with browser.opened() as running:
        for page in pages:
            whole, window = running.draw(page.html, page.size), running.draw(page.html, page.size, scroll=page.scroll)
            assert complete(page.plan, whole) and window.size == page.size
            assert all(0 <= box[1] <= box[3] <= page.size[1] + 1 for box in (line["box"] for line in window.lines))
            hidden = running.draw(page.html, (page.size[0], 60), scroll=0)
            assert not complete(page.plan, hidden)


def test_a_folder_that_cannot_be_written_and_a_count_of_nothing_are_one_line_each(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        drawing.draw(1, 1, tmp_path / "file", progress=False)
    assert drawing.draw(0, 1, tmp_path / "none", progress=False) == []
    words = [sys.executable, "-m", "ghostlib.cli", "screens", "--count", "-3", "--out", str(tmp_path / "x")]
    told = subprocess.run(words, env=os.environ | {"PYTHONPATH": str(config.root())}, capture_output=True, text=True)
    assert told.returncode == 2 and "-3" in told.stderr.splitlines()[-1]


@needs_browser
def test_readings_are_stored_by_processes_kept_while_they_hold_and_read_anew_for_another_picture(folder, tmp_path):
    screens = read_screens(folder / "dataset_vision.json")[:3]
    file = tmp_path / "read.json"
    first = readings.store(screens, folder, file, jobs=2, progress=False)
    assert read_screens(file) == first and all(screen.reading.lines for screen in first)
    for screen in first:
        read, shown = ({line.text.lower() for line in lines} for lines in (screen.reading.lines, screen.lines))
        assert len(read & shown) > 0.5 * len(shown)
    assert readings.store(first, folder, file, progress=False) == first
    swapped = [Screen(first[1].image_path, output="", reading=first[0].reading)]
    assert readings.store(swapped, folder, file, jobs=1, progress=False)[0].reading == first[1].reading


def test_pictures_that_no_record_names_are_removed_from_the_shipped_folder(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    tidy([Screen("ui_screenshots/a.png")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_palette_keeps_the_size_and_no_pixel_moves_far(folder):
    from PIL import Image, ImageChops, ImageStat

    page = next(drawing.design(6))
    with browser.opened() as running:
        drawn = running.draw(page.html, page.size)
    (path := Path(folder / "whole.png")).write_bytes(drawn.png)
    small = folder / "small.png"
    small.write_bytes(drawing.palette(drawn.png))
    one, other = Image.open(path).convert("RGB"), Image.open(small).convert("RGB")
    assert one.size == other.size and small.stat().st_size < 0.6 * path.stat().st_size
    assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 1


def test_records_with_the_new_fields_are_read_back_and_old_ones_are_still_read(tmp_path):
    new = Screen("a.png", output="x", title="Orders", look="harbor", size=(1280, 800))
    rows = json.loads(save([new, Screen("b.png", output="x")], tmp_path / "d.json").read_text())
    assert list(rows[0])[-3:] == ["title", "look", "size"] and "look" not in rows[1]
    assert read_screens(tmp_path / "d.json")[0] == new
