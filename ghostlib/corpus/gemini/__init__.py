"""One question to Gemini: a prompt and a picture in, text out, every refusal with its kind; two SDKs behind one seam.

replies.py       what can come back: Answer, Busy, Refusal
refusals.py      what a refusal means: wait so long, come back tomorrow, or never
generativeai.py  google-generativeai over REST, the named client
genai.py         google-genai, the maintained one
"""

import io
import threading
from collections.abc import Callable
from typing import Any, Protocol

from PIL import Image

from ghostlib.corpus.gemini import genai, generativeai, refusals
from ghostlib.corpus.gemini.replies import Answer, Busy, Refusal
from ghostlib.errors import TeacherError

__all__ = ["Answer", "Ask", "Busy", "Refusal", "Settings", "connect", "encoded"]

LARGE = 4 * 1024 * 1024  # bytes of a PNG above which a JPEG is sent
SHORTEST = 8  # characters; no key is shorter, and a shorter word would be blackened wherever it stands
SDKS = {"google-generativeai": generativeai, "google-genai": genai}


class Settings(Protocol):
    """What is needed of the profile's `teacher` section."""

    @property
    def model(self) -> str: ...
    @property
    def sdk(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def timeout(self) -> float: ...


Ask = Callable[[str, Image.Image], Answer | Busy]


def connect(settings: Settings, key: str, *, shape: dict[str, Any]) -> Ask:
    """A function that asks once, for JSON of this shape; it takes at most `settings.timeout` seconds.

    It raises QuotaError for the day's limit and TeacherError where asking again is useless. No message holds the key.
    """
    key = sound(key)
    try:
        client = SDKS[settings.sdk].Client(settings, key, shape)
    except ImportError as error:
        raise TeacherError(
            f"{settings.sdk} is not installed ({error.name}). Install it, or set teacher.sdk to another."
        ) from None

    def listed() -> list[str]:
        names = _within(settings.timeout, client.models)
        return names if isinstance(names, list) else []

    def ask(prompt: str, picture: Image.Image) -> Answer | Busy:
        image = encoded(picture)
        told = _within(settings.timeout, lambda: client.ask(prompt, image))
        return refusals.meaning(told, settings.model, key, listed) if isinstance(told, Refusal) else told

    return ask


def sound(key: str) -> str:
    """The key without blanks around it. Raises TeacherError, which does not show it, for what cannot be one."""
    key = key.strip()
    if not key:
        raise TeacherError("no Gemini key. Set GEMINI_API_KEY, or use the drawn screens without one.")
    if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise TeacherError("this is no Gemini key (too short, or with signs that no key has). Check GEMINI_API_KEY.")
    return key


def encoded(picture: Image.Image) -> dict[str, Any]:
    """The picture as both clients want it: `mime_type` and `data`, PNG, or JPEG where the PNG is larger than 4 MB."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (("PNG", {}), ("JPEG", {"quality": 90}))
    for kind, options in kinds:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        if buffer.tell() <= LARGE:
            break
    return {"mime_type": f"image/{kind.lower()}", "data": buffer.getvalue()}


def _within(seconds: float, act: Callable[[], Any]) -> Any:
    """What `act` hands back or raises, or Busy after so many seconds.

    The clients' own limits are for each piece of an answer, so a server that drips keeps them waiting for ever. A thread
    that is given up ends with its connection; it is a daemon, so it does not keep the program from ending.
    """
    done: list[Any] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def run() -> None:
        try:
            done.append(act())
        except BaseException as error:  # handed to the caller's thread
            failed.append(error)
        over.set()

    threading.Thread(target=run, daemon=True, name="gemini").start()
    if not over.wait(seconds):
        return Busy(f"no whole answer within {seconds:g} s")
    if failed:
        # only the kind: the message of a client's own error may quote the request, the key included
        raise TeacherError(f"the Gemini client failed ({type(failed[0]).__name__}). Try the other one: teacher.sdk.") from None
    return done[0]
