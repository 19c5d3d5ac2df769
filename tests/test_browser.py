"""The browser under faults: its processes are really killed while pages are drawn."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest
from browsers import children

from ghostlib.corpus.screens import browser, drawing
from ghostlib.errors import ToolError

pytestmark = pytest.mark.skipif(
    not browser.installed() or not Path("/proc/self/stat").exists(),
    reason="needs a Chromium or Chrome, and /proc to find its processes",
)


ROWS = '<tr><td data-column="orders.id">Order {n}</td><td>Customer {n}</td><td>{n}.00</td></tr>'
PAGE = "<style>td {{ padding: 9px {n}px }}</style><table>" + ROWS * 40 + "</table>"
PAGES = [(PAGE.format(n=number), (700 + 50 * number, 500)) for number in range(5)]


@pytest.mark.parametrize("kind", ["renderer", ""])
def test_a_killed_page_and_a_killed_browser_are_drawn_again_to_the_same_pixels(kind):
    async def go():
        async with browser.running() as running:
            whole = await running.draw(*PAGES[0])
            killed = children(kind)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            return whole, killed, await running.draw(*PAGES[0])

    whole, killed, again = asyncio.run(go())
    assert killed and again == whole


def test_a_browser_that_dies_again_and_again_is_one_line_after_three_tries(monkeypatch):
    async def go():
        async with browser.running() as running:
            original = browser._drawn

            async def deadly(*asked, **how):
                for pid in children(""):
                    os.kill(pid, signal.SIGKILL)
                return await original(*asked, **how)

            monkeypatch.setattr(browser, "_drawn", deadly)
            await running.draw(*PAGES[0])

    with pytest.raises(ToolError, match="failed 3 times") as caught:
        asyncio.run(go())
    assert "\n" not in str(caught.value)


def test_a_page_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(browser, "PATIENCE", 1.0)

    async def go():
        async with browser.running() as running:
            await running.draw("<script>for (;;) {}</script>", (400, 300), tries=1)

    with pytest.raises(ToolError, match="failed 1 times"):
        asyncio.run(go())


def test_many_pages_at_once_give_what_one_after_the_other_gives_and_tabs_are_recycled(monkeypatch):
    monkeypatch.setattr(browser, "RECYCLE", 2)

    async def together():
        async with browser.running() as running:
            return await asyncio.gather(*(running.draw(*page) for page in PAGES))

    with browser.opened() as running:
        assert [running.draw(*page) for page in PAGES] == asyncio.run(together())


def test_a_scrolled_window_shows_what_lies_in_it_and_under_nothing_else():
    html = """<body style="margin: 0"><div style="position: sticky; top: 0; height: 40px; background: white">Header</div>
    <div style="height: 100px"><b data-column="a.b">Above</b></div>
    <div style="height: 900px"><b data-column="a.c">Below</b></div>"""
    with browser.opened() as running:
        whole = running.draw(html, (400, 300))
        scrolled = running.draw(html, (400, 300), scroll=90)
    assert [label["text"] for label in whole.labels] == ["Above", "Below"] and whole.size[1] > 1000
    assert [label["text"] for label in scrolled.labels] == ["Below"] and scrolled.size == (400, 300)
    assert [line["text"] for line in scrolled.lines] == ["Header", "Below"]
    assert scrolled.labels[0]["box"][1] == whole.labels[1]["box"][1] - 90


def test_a_page_reaches_nothing_outside_itself():
    html = '<img src="http://127.0.0.1:9/a.png" width="50" height="50"><p>Here</p>'
    with browser.opened() as running:
        assert [line["text"] for line in running.draw(html, (300, 200)).lines] == ["Here"]


def test_without_a_browser_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("chromium") is None and not browser.installed()
    with pytest.raises(ToolError, match="apt-get install chromium"):
        drawing.draw(1, 1, tmp_path, progress=False)
