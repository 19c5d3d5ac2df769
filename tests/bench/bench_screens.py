"""What drawing costs beside a bare page and screenshot in the same browser: ratios from one run (`make bench`)."""

import contextlib
import itertools
import os
import time
from pathlib import Path

from browsers import children

from ghostlib.corpus.screens import browser, drawing

COUNT = 60
MEMORY = int(os.environ.get("GHOST_BENCH_SCREENS", "300"))


def test_drawing_beside_a_bare_set_content_and_screenshot(tmp_path):
    pages = list(itertools.islice(drawing.design(31), COUNT))
    told = []
    for jobs in (1, 2, 3):
        bare, bare_cost = rated(lambda: bare_pages(pages))
        drawn, cost = rated(lambda jobs=jobs: drawing.draw(COUNT, 31, tmp_path / str(jobs), jobs=jobs, progress=False))
        told.append(
            f"{jobs} at once: {drawn:.1f} a second beside {bare:.1f} bare, ratio {drawn / bare:.2f}; "
            f"{1000 * cost:.0f} ms of processor each beside {1000 * bare_cost:.0f}"
        )
    print("\nstart of the browser included; a machine's cores over the processor time are the most there can be a second")
    print("\n".join(told))


def rated(work):
    """Screens a second, and processor seconds a screen, those of the browser (which has ended) included."""
    before, started = sum(os.times()[:4]), time.perf_counter()
    work()
    return COUNT / (time.perf_counter() - started), (sum(os.times()[:4]) - before) / COUNT


def bare_pages(pages):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        process = playwright.chromium.launch(executable_path=browser.find(), args=list(browser.ARGUMENTS))
        page = process.new_page()
        for one in pages:
            page.set_viewport_size({"width": one.size[0], "height": one.size[1]})
            page.set_content(one.html)
            page.screenshot(full_page=one.scroll is None)
        process.close()


def test_memory_of_the_browser_stays_bounded(tmp_path):
    seen = []

    class Watched(drawing._Book):
        def add(self, number, screen):
            super().add(number, screen)
            if len(self.done) % 50 == 0:
                seen.append(resident())

    original, drawing._Book = drawing._Book, Watched
    try:
        started = time.perf_counter()
        drawing.draw(MEMORY, 77, tmp_path, progress=False)
    finally:
        drawing._Book = original
    rate = MEMORY / (time.perf_counter() - started)
    print(f"\n{MEMORY} screens, {rate:.1f} a second; MiB of the browser's processes every 50: {seen}")


def resident() -> int:
    """MiB that our browser's processes hold (proportional set size, so that shared pages count once)."""
    total = 0
    for pid in {pid for kind in ("", "renderer", "gpu-process", "utility", "zygote") for pid in children(kind)}:
        with contextlib.suppress(OSError, IndexError):
            total += int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0])
    return total // 1024
