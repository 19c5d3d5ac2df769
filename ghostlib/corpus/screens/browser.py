"""One headless Chromium for many pages: a page's picture, its labels' boxes and its own lines of text."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ghostlib.errors import ToolError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)
# Labels: the boxes of [data-column]. Lines: the text that can be seen, a box for a text node's words on one baseline.
LAYOUT = """() => {
  const box = r => [r.left, r.top, r.right, r.bottom].map(n => Math.round(n));
  const cased = (node, text) => getComputedStyle(node).textTransform === 'uppercase' ? text.toUpperCase() : text;
  const tidy = text => text.replace(/\\s+/g, ' ').trim();
  const labels = [...document.querySelectorAll('[data-column]')].map(e => (
    {columns: e.dataset.column.split(' '), text: tidy(cased(e, e.innerText)), box: box(e.getBoundingClientRect())}));
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const seen = node.parentElement.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
    if (!tidy(node.data) || !seen) continue;
    let line = null;
    const range = document.createRange();
    for (const word of node.data.matchAll(/\\S+/g)) {
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const r = range.getBoundingClientRect();
      if (r.width < 1) continue;
      if (line && Math.abs(line.r[1] - r.top) < 4) { line.text += ' ' + word[0]; line.r[2] = r.right; }
      else { line = {text: word[0], r: [r.left, r.top, r.right, r.bottom]}; lines.push(line); }
    }
    for (const l of lines.filter(l => l.r)) {
      l.text = cased(node.parentElement, l.text); l.box = l.r.map(n => Math.round(n)); delete l.r;
    }
  }
  const cut = [...document.querySelectorAll('.card, .top, .side, .input, .content, .find, .segments, .item, .choices')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className + ': ' + tidy(e.innerText).slice(0, 60));
  const root = document.documentElement;
  return {labels, lines, cut, width: root.scrollWidth, height: root.scrollHeight};
}"""


@dataclass(frozen=True)
class Drawn:
    """A page as the browser drew it: PNG bytes, labels and lines with boxes in pixels, and what did not fit its box."""

    png: bytes
    labels: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    cut: list[str]
    size: tuple[int, int]


def find() -> str:
    """The path of an installed Chromium or Chrome. Raises ToolError with what to install where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise ToolError(
        "drawing screens needs a browser and none of chromium, google-chrome or microsoft-edge is on the PATH. "
        "Install one (Debian, Ubuntu: `apt-get install chromium`), or use the shipped screens in data/."
    )


def installed() -> bool:
    """Whether a browser that can draw is on this machine."""
    return any(map(shutil.which, NAMES))


@contextmanager
def opened() -> Iterator["Browser"]:
    """A running browser, closed at the end. Raises ToolError where none is installed or it does not start."""
    from playwright.sync_api import Error, sync_playwright

    path = find()
    with sync_playwright() as playwright:
        browser = Browser(playwright, path)
        try:
            browser.start()
        except Error as error:
            raise ToolError(
                f"{path} did not start ({str(error).splitlines()[0]}). Check the browser's installation."
            ) from error
        try:
            yield browser
        finally:
            browser.stop()


class Browser:
    """One browser process that draws pages, and is started again when it has crashed."""

    def __init__(self, playwright: Any, path: str) -> None:
        self._playwright, self._path = playwright, path
        self._process: Any = None

    def start(self) -> None:
        """Starts a process, after the end of the one before it."""
        self.stop()
        self._process = self._playwright.chromium.launch(executable_path=self._path, headless=True, args=list(ARGUMENTS))

    def stop(self) -> None:
        """Ends the process; nothing where none runs."""
        if self._process is not None:
            process, self._process = self._process, None
            try:
                process.close()
            except Exception:  # a process that crashed cannot be closed, and is gone
                return

    def draw(self, html: str, size: tuple[int, int], *, tries: int = 3) -> Drawn:
        """The page at a window of `size` pixels, as tall as its content. A crash is tried again; then ToolError."""
        from playwright.sync_api import Error

        for attempt in range(1, tries + 1):
            try:
                return self._draw(html, size)
            except Error as error:
                if attempt == tries:
                    raise ToolError(f"the browser failed {tries} times on a page ({str(error).splitlines()[0]}).") from error
            self.start()
        raise AssertionError("unreachable")

    def _draw(self, html: str, size: tuple[int, int]) -> Drawn:
        page = self._process.new_page(viewport={"width": size[0], "height": size[1]}, java_script_enabled=True)
        try:
            page.set_content(html, wait_until="load")
            layout = page.evaluate(LAYOUT)
            png = page.screenshot(full_page=True, animations="disabled")
            return Drawn(png, layout["labels"], layout["lines"], layout["cut"], (layout["width"], layout["height"]))
        finally:
            page.close()
