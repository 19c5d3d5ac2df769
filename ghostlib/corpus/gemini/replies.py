"""What can come back from one question to Gemini."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the model wrote; `blocked` is the reason where it wrote nothing. Thinking counts as written."""

    text: str
    blocked: str = ""
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True)
class Busy:
    """No answer this time: ask again after `delay` seconds (None: the server named no time)."""

    why: str
    delay: float | None = None


@dataclass(frozen=True)
class Refusal:
    """An error of the service as it came: HTTP code, its words, and the `details` of the error's JSON."""

    code: int
    message: str
    details: tuple[Any, ...] = ()


def outcome(text: str, reason: str, usage: Any) -> Answer | Busy:
    """The Answer, or Busy where there is neither a text nor a reason for its lack.

    Both clients take an empty body, a list or a strange object for an answer without content.
    """
    if not text and (reason in ("", "STOP") or reason.endswith("UNSPECIFIED")):
        return Busy("an answer without content")
    return Answer(text, "" if text else reason, *counted(usage))


def counted(usage: Any) -> tuple[int, int]:
    """Tokens in and out of a `usageMetadata` in either client's form; what is not told is 0."""
    came = int(getattr(usage, "prompt_token_count", 0) or 0)
    total = int(getattr(usage, "total_token_count", 0) or 0)
    return came, max(0, total - came)
