"""What a refusal of Gemini means: wait and ask again, come back tomorrow, or change something."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ghostlib.corpus.gemini.replies import Busy, Refusal
from ghostlib.errors import QuotaError, TeacherError

PASSING = (408, 499, 500, 502, 503, 504)  # what is better a little later
FOREVER = 900.0  # seconds; a server that asks for a longer wait means another day
LISTED = 12  # models that an error names


def meaning(refusal: Refusal, model: str, key: str, models: Callable[[], list[str]]) -> Busy:
    """Busy where waiting helps; else raises QuotaError or TeacherError, one line without the key.

    `models` lists what the service has; it is asked where `model` is gone.
    """
    said = " ".join(refusal.message.replace(key, "***").split())[:300]
    if refusal.code == 429:
        return _too_many(refusal, model)
    if refusal.code in PASSING:
        return Busy(f"{refusal.code} from the server")
    if refusal.code == 404:
        names = models()
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        there = f"{', '.join(names[:LISTED])}{more}" if names else "none listed"
        raise TeacherError(f"no model {model!r} at Gemini; there are: {there}. Set `teacher.model`.")
    if refusal.code in (401, 403) or "API key" in said:
        raise TeacherError("Gemini refuses this key. Make one at aistudio.google.com and set GEMINI_API_KEY.")
    raise TeacherError(f"Gemini refuses the request ({refusal.code}: {said}).")


def tomorrow(now: datetime | None = None) -> str:
    """When the day's quota is fresh again, midnight Pacific time, on this machine's clock: "2026-11-22 09:00 (in 6.5 h)"."""
    now = now or datetime.now(UTC)
    back = day(now) + timedelta(days=1)
    return f"{back.astimezone():%Y-%m-%d %H:%M} (in {(back - now).total_seconds() / 3600:.1f} h)"


def day(now: datetime) -> datetime:
    """When the quota's day began that holds this moment."""
    return now.astimezone(_pacific()).replace(hour=0, minute=0, second=0, microsecond=0)


def _too_many(refusal: Refusal, model: str) -> Busy:
    details = [detail for detail in refusal.details if isinstance(detail, dict)]
    violations = [one for detail in details for one in detail.get("violations") or () if isinstance(one, dict)]
    daily = next((one for one in violations if "PerDay" in str(one.get("quotaId", ""))), None)
    delay = next((_seconds(str(detail["retryDelay"])) for detail in details if "retryDelay" in detail), None)
    if daily is not None or (delay or 0) > FOREVER:
        value = (daily or {}).get("quotaValue")
        limit = f" of {value} requests" if value else ""
        raise QuotaError(f"the day's quota{limit} of {model} is used up until {tomorrow()}.")
    return Busy("429 too many requests", delay)


def _seconds(duration: str) -> float | None:
    """A duration as Google writes it ("37s", "0.5s"); None for anything else."""
    try:
        seconds = float(duration.removesuffix("s"))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # a system without time zones: an hour late in summer, never early
        return timezone(timedelta(hours=-8))
