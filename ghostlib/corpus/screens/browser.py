"""One headless Chromium for many pages: a page's picture, its labels' boxes and its own lines of text."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
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
RECYCLE = 60  # pages drawn in one tab before it is closed: a tab keeps what it once took
PATIENCE = 40.0  # seconds that a page may take; a healthy one takes a fifth of a second
# Labels: the boxes of [data-column]. Widgets: of what is inside [data-widget], and of what its class tells. Lines: the text
# that can be seen, a box for a text node's words on one baseline.
# In a window (scroll is a number) only what lies inside it and under nothing else can be seen.
LAYOUT = """scroll => {
  if (scroll === null) document.body.classList.remove('window');  // on a whole page nothing sticks
  window.scrollTo(0, scroll ?? 0);  // a tab keeps its place from the page before
  const root = document.documentElement;
  const wide = window.innerWidth, tall = window.innerHeight;
  const box = r => [r.left, r.top, r.right, r.bottom].map(n => Math.round(n));
  const cased = (node, text) => getComputedStyle(node).textTransform === 'uppercase' ? text.toUpperCase() : text;
  const tidy = text => text.replace(/\\s+/g, ' ').trim();
  const covers = [...document.querySelectorAll('.sheet, .toast, .chat')].map(e => [e, e.getBoundingClientRect()]);
  const under = (element, r) => covers.some(([e, c]) => !e.contains(element)
    && r.right > c.left && r.left < c.right && r.bottom > c.top && r.top < c.bottom);
  const seen = (element, r) => {
    if (scroll === null) return !under(element, r);
    if (r.left < 0 || r.top < 0 || r.right > wide + 1 || r.bottom > tall + 1) return false;
    const over = document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2);
    return !over || over.contains(element) || element.contains(over);
  };
  const labels = [...document.querySelectorAll('[data-column]')].filter(e => seen(e, e.getBoundingClientRect())).map(e => (
    {columns: e.dataset.column.split(' '), text: tidy(cased(e, e.innerText)), box: box(e.getBoundingClientRect())}));
  const told = [...document.querySelectorAll('[data-widget]')].map(e => [e.dataset.widget, e.firstElementChild ?? e]);
  const classes = {switch: '.toggle, .tick, .yes, .no', chip: '.chip, .pick', stars: '.stars', slider: '.meter',
    tags: '.bit', button: '.btn', avatar: '.avatar', link: '.link'};
  for (const [kind, which] of Object.entries(classes)) told.push(...[...document.querySelectorAll(which)].map(e => [kind, e]));
  const widgets = told.map(([kind, e]) => [kind, e, e.getBoundingClientRect()])
    .filter(([_, e, r]) => r.width > 1 && r.height > 1 && seen(e, r)).map(([kind, _, r]) => [kind, box(r)]);
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!tidy(node.data) || !parent.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    let line = null;
    const range = document.createRange();
    for (const word of node.data.matchAll(/\\S+/g)) {
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const r = range.getBoundingClientRect();
      if (r.width < 1 || !seen(parent, r)) continue;
      if (line && Math.abs(line.r[1] - r.top) < 4) { line.text += ' ' + word[0]; line.r[2] = r.right; }
      else { line = {text: word[0], r: [r.left, r.top, r.right, r.bottom]}; lines.push(line); }
    }
    for (const l of lines.filter(l => l.r)) {
      l.text = cased(parent, l.text); l.box = l.r.map(n => Math.round(n)); delete l.r;
    }
  }
  const boxes = '.card, .top, .side, .input, .content, .find, .segments, .item, .choices, .stack, .main, .sheet, .tile, '
    + '.lane, .beside, .names';
  const cut = [...document.querySelectorAll(boxes)]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className + ': ' + tidy(e.innerText).slice(0, 60));
  return {labels, lines, widgets, cut, width: root.scrollWidth, height: scroll === null ? root.scrollHeight : tall};
}"""


@dataclass(frozen=True)
class Drawn:
    """A page as the browser drew it: PNG bytes (or none), labels and lines with boxes in pixels, what did not fit its box,

    and its widgets, each a kind (`arrangement.WIDGETS` and browser.LAYOUT name them) and a box.
    """

    png: bytes
    labels: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    cut: list[str]
    size: tuple[int, int]
    widgets: list[tuple[str, list[int]]]


@dataclass
class _Tab:
    page: Any
    used: int = 0


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


@asynccontextmanager
async def running() -> AsyncIterator["Browser"]:
    """A running browser for many pages at once, closed at the end. Raises ToolError where none is or it does not start."""
    from playwright.async_api import async_playwright

    path = find()
    async with async_playwright() as playwright:
        made = Browser(playwright, path)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


@contextmanager
def opened() -> Iterator["Blocking"]:
    """A running browser for one page after the other, without asyncio. Raises ToolError as `running`."""
    with asyncio.Runner() as loop:
        entered = running()
        made = loop.run(entered.__aenter__())
        try:
            yield Blocking(made, loop)
        finally:
            loop.run(entered.__aexit__(None, None, None))


@dataclass(frozen=True)
class Blocking:
    """A Browser whose `draw` waits."""

    browser: "Browser"
    loop: asyncio.Runner

    def draw(self, html: str, size: tuple[int, int], *, scroll: int | None = None) -> Drawn:
        """As Browser.draw."""
        return self.loop.run(self.browser.draw(html, size, scroll=scroll))


class Browser:
    """One browser process and its tabs; a tab that crashed is replaced, and so is the process."""

    def __init__(self, playwright: Any, path: str) -> None:
        self._playwright, self._path = playwright, path
        self._process: Any = None
        self._idle: list[_Tab] = []
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Starts a process, after the end of the one before it. Raises ToolError where it does not start."""
        from playwright.async_api import Error

        await self.stop()
        try:
            self._process = await self._playwright.chromium.launch(
                executable_path=self._path,
                headless=True,
                args=list(ARGUMENTS),
                handle_sigint=False,  # Ctrl-C is this program's: it keeps what is finished, and closes the browser itself
            )
        except Error as error:
            reason = str(error).splitlines()[0]
            raise ToolError(f"{self._path} did not start ({reason}). Check the browser's installation.") from error

    async def stop(self) -> None:
        """Ends the process; nothing where none runs."""
        process, self._process, self._idle = self._process, None, []
        if process is not None:
            with suppress(Exception):  # a process that crashed cannot be closed, and is gone
                await asyncio.wait_for(process.close(), 10)

    async def draw(
        self, html: str, size: tuple[int, int], *, scroll: int | None = None, picture: bool = True, tries: int = 3
    ) -> Drawn:
        """The page at a window of `size` pixels: all of it, or the window alone, scrolled down by `scroll` pixels.

        Without its `picture` a page is merely laid out, in a third of the time: `png` is then b"". A crash of the page or of
        the browser is tried again on a new one; then ToolError.
        """
        from playwright.async_api import Error

        for attempt in range(1, tries + 1):
            tab = None
            try:
                async with asyncio.timeout(PATIENCE):
                    tab = await self._tab()
                    drawn = await _drawn(tab.page, html, size, scroll, picture=picture)
            except (Error, TimeoutError) as error:
                await _close(tab)
                if attempt == tries:
                    reason = (str(error) or "it did not answer").splitlines()[0]
                    raise ToolError(f"the browser failed {tries} times on a page ({reason}).") from error
            except BaseException:
                await _close(tab)
                raise
            else:
                await self._back(tab)
                return drawn
        raise AssertionError("unreachable")

    async def _tab(self) -> _Tab:
        async with self._one_at_a_time:
            if self._process is None or not self._process.is_connected():
                await self.start()
            return self._idle.pop() if self._idle else _Tab(await self._process.new_page(offline=True))

    async def _back(self, tab: _Tab) -> None:
        tab.used += 1
        if tab.used < RECYCLE and self._process is not None and tab.page.context.browser is self._process:
            self._idle.append(tab)
        else:
            await _close(tab)


async def _drawn(page: Any, html: str, size: tuple[int, int], scroll: int | None, *, picture: bool) -> Drawn:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.set_content(html, wait_until="load")
    layout = await page.evaluate(LAYOUT, scroll)
    png = await page.screenshot(full_page=scroll is None, animations="disabled") if picture else b""
    size = (layout["width"], layout["height"])
    return Drawn(png, layout["labels"], layout["lines"], layout["cut"], size, layout["widgets"])


async def _close(tab: _Tab | None) -> None:
    if tab is not None:
        with suppress(Exception):  # of a dead browser
            await asyncio.wait_for(tab.page.context.close(), 5)
