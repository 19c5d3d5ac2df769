"""One page: opened in Chromium, its cookie banner put away, and photographed; or the reason why it cannot be."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from ghostlib.corpus import quality
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.screens import browser
from ghostlib.errors import PictureError, ToolError

SETTLE = 4.0  # seconds for what a page still fetches; many never stop
LATE = 2.0  # seconds more for a page that shows nothing yet
GRACE = 8.0  # seconds beyond the limit before a page that answers nothing is given up with its browser
PAGES = ("text/html", "application/xhtml+xml")
# A banner talks of cookies or consent, floats over the page and wants a click. It is refused where it has a button for that,
# and hidden where not: nothing is agreed to. Shadow roots and frames of consent services are looked at too.
BANNERS = r"""refuse => {
  const talk = /\bcookies?\b|\bconsent\b|\bgdpr\b|einwilligung/i;
  const no = new RegExp('^\\W*(' + ['reject', 'decline', 'deny', 'refuse', 'disagree', 'only (necessary|essential|required)',
    '(strictly )?(necessary|essential|required)( cookies)? only', 'use necessary', 'continue without', 'no,? thanks',
    'ablehnen', 'alle ablehnen', 'nur (notwendige|erforderliche|essenzielle)', 'tout refuser', 'refuser', 'continuer sans',
    'rechazar', 'rifiuta', 'alles weigeren', 'weigeren', 'odrzu', 'recusar', 'rejeitar', 'avvis', 'afvis', 'neka'].join('|')
    + ')', 'i');
  const words = e => (e.innerText || '') + ' ' + (e.shadowRoot ? e.shadowRoot.textContent : '');
  const within = (e, s) => [...e.querySelectorAll(s), ...(e.shadowRoot ? e.shadowRoot.querySelectorAll(s) : [])];
  const floats = e => ['fixed', 'sticky'].includes(getComputedStyle(e).position)
    || e.matches('dialog, [role=dialog], [role=alertdialog], [aria-modal=true]');
  const named = e => /cookie|consent|gdpr|onetrust|didomi|usercentrics|cmp\b/i.test(e.id + ' ' + e.getAttribute('class'));
  const clicks = 'button, a, input[type=button], input[type=submit], [role=button]';
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.tagName === 'IFRAME') {
      if (/cookie|consent|sp_message|cmp/i.test([e.id, e.name, e.title, e.src].join(' ')) && e.offsetHeight) found.push(e);
    } else if ((floats(e) || (named(e) && e.shadowRoot)) && talk.test(words(e)) && words(e).length < 6000
        && within(e, clicks).length && !found.some(f => f.contains(e))) found.push(e);
  }
  if (refuse) {
    for (const e of found) {
      const button = within(e, clicks).find(b => no.test((b.innerText || b.value || b.textContent || '').trim()));
      if (button) button.click();
    }
    return found.length;
  }
  for (const e of found) e.style.setProperty('display', 'none', 'important');
  if (found.length) {
    const all = window.innerWidth * window.innerHeight;
    for (const e of document.querySelectorAll('body *')) {  // the veil below the banner
      const r = e.getBoundingClientRect();
      if (getComputedStyle(e).position === 'fixed' && r.width * r.height > 0.9 * all && !words(e).trim())
        e.style.setProperty('display', 'none', 'important');
    }
    for (const e of [document.documentElement, document.body]) e.style.setProperty('overflow', 'visible', 'important');
  }
  return found.length;
}"""
EXTENT = """() => [Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0),
  document.title || '']"""


class Window(Protocol):
    """What is needed of the profile's `capture` section."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def tallest(self) -> int: ...
    @property
    def timeout(self) -> float: ...


@dataclass(frozen=True)
class Shot:
    """A page's picture: PNG bytes, where it landed, its title, its size in pixels, what was done to it."""

    png: bytes
    landed: str
    title: str
    size: tuple[int, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unusable:
    """Why a page gives no picture: status, download, content, unreachable, timeout, busy, crashed or blank."""

    reason: str
    detail: str


class Visitor:
    """A browser for one page after the other; a new one where a page took it down. Every page meets it without a past."""

    def __init__(self, window: Window, agent: str) -> None:
        self.window, self.agent = window, agent
        self._playwright: Any = None
        self._process: Any = None

    async def __aenter__(self) -> "Visitor":
        from playwright.async_api import async_playwright

        self._path = browser.find()
        self._entered = async_playwright()
        self._playwright = await self._entered.__aenter__()
        return self

    async def __aexit__(self, *told: Any) -> None:
        await self._end()
        await self._entered.__aexit__(*told)

    async def shoot(self, url: str) -> Shot | Unusable:
        """The page's picture, or why there is none. Raises ToolError where the browser does not start."""
        from playwright.async_api import Error

        context = None
        try:
            async with asyncio.timeout(self.window.timeout + SETTLE + LATE + GRACE):
                context = await self._context()
                return await self._shot(await context.new_page(), url)
        except TimeoutError:
            await self._end()  # a page in an endless loop keeps its tab for ever
            return Unusable("timeout", "the page keeps the browser busy and shows nothing")
        except Error as error:
            if "crash" in str(error).lower() or self._process is None or not self._process.is_connected():
                await self._end()
                return Unusable("crashed", "the page took the browser down")
            return _why(str(error))
        finally:
            with suppress(Exception):  # of a browser that is gone
                if context is not None:
                    await asyncio.wait_for(context.close(), 5)

    async def _shot(self, page: Any, url: str) -> Shot | Unusable:
        page.on("dialog", lambda dialog: asyncio.ensure_future(_dismissed(dialog)))
        page.context.on("page", lambda other: asyncio.ensure_future(_closed(other)))
        ends = time.monotonic() + self.window.timeout
        response = await page.goto(url, wait_until="commit", timeout=self.window.timeout * 1000)
        refused = _refused(response)
        if refused:
            return refused
        await _loaded(page, "load", ends)
        await _loaded(page, "networkidle", min(ends, time.monotonic() + SETTLE))
        notes = await self._tidied(page)
        shot = await self._picture(page, notes)
        if wrong := _flaw(shot.png):
            await asyncio.sleep(LATE)
            shot = await self._picture(page, notes)
            wrong = _flaw(shot.png)
        return Unusable("blank", wrong) if wrong else shot

    async def _tidied(self, page: Any) -> tuple[str, ...]:
        """What was put away: a banner is refused first, then whatever still floats is hidden."""
        from playwright.async_api import Error

        try:
            if not await page.evaluate(BANNERS, True):
                return ()
            await asyncio.sleep(0.4)
            left = await page.evaluate(BANNERS, False)
        except Error as error:
            if "context was destroyed" not in str(error):
                raise
            await _loaded(page, "load", time.monotonic() + SETTLE)  # the click led to another page, or to this one again
            left = await page.evaluate(BANNERS, False)
        return ("a cookie banner was hidden" if left else "a cookie banner was refused",)

    async def _picture(self, page: Any, notes: tuple[str, ...]) -> Shot:
        tall, title = await page.evaluate(EXTENT)
        size = self.window.width, max(self.window.height, min(int(tall), self.window.tallest))
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1]}
        png = await page.screenshot(full_page=True, clip=clip, animations="disabled", timeout=self.window.timeout * 1000)
        cut = (f"cut at {size[1]} of {int(tall)} pixels",) if tall > size[1] else ()
        return Shot(png, page.url, " ".join(str(title).split())[:200], size, (*notes, *cut))

    async def _context(self) -> Any:
        from playwright.async_api import Error

        if self._process is None or not self._process.is_connected():
            try:
                self._process = await self._playwright.chromium.launch(
                    executable_path=self._path, headless=True, args=list(browser.ARGUMENTS), handle_sigint=False
                )
            except Error as error:
                raise ToolError(f"{self._path} did not start ({str(error).splitlines()[0]}). Check the browser.") from error
        window = {"width": self.window.width, "height": self.window.height}
        return await self._process.new_context(
            viewport=window, user_agent=self.agent, accept_downloads=False, service_workers="block", locale="en-US"
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(Exception):  # a process that crashed cannot be closed, and is gone
                await asyncio.wait_for(process.close(), 10)


def _refused(response: Any) -> Unusable | None:
    """Why an answer of the server is no page."""
    if response is None:
        return Unusable("content", "the server sent nothing to show")
    if response.status in (429, 503):
        return Unusable("busy", f"the server answers {response.status}")
    if response.status >= 400:
        return Unusable("unreachable" if response.status >= 500 else "status", f"the server answers {response.status}")
    kind = response.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    return None if kind in PAGES else Unusable("content", f"is {kind[:60]}, not a web page")


def _why(message: str) -> Unusable:
    """What an error of the browser means."""
    first = message.splitlines()[0][:200]
    if "Download is starting" in message:
        return Unusable("download", "the address is a file to download")
    if "Timeout" in message:
        return Unusable("timeout", "no page within the time")
    if "ERR_ABORTED" in message:
        return Unusable("content", "the server sent nothing to show")
    code = next((word.strip(",.:") for word in first.split() if "net::" in word), first)
    return Unusable("unreachable", code.removeprefix("net::"))


def _flaw(png: bytes) -> str:
    try:
        return quality.flaw(open_picture(png))
    except PictureError as error:
        return str(error)


async def _loaded(page: Any, state: str, until: float) -> None:
    """Waits for a state of the page, not beyond the time: what is there by then is what is shown."""
    from playwright.async_api import TimeoutError as Late

    with suppress(Late):
        await page.wait_for_load_state(state, timeout=max(1.0, (until - time.monotonic()) * 1000))


async def _dismissed(dialog: Any) -> None:
    with suppress(Exception):
        await dialog.dismiss()


async def _closed(page: Any) -> None:
    with suppress(Exception):
        if await page.opener() is not None:
            await page.close()
