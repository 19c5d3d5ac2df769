"""One question to Gemini over HTTP: a prompt and a picture in, text out, every refusal with its kind."""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from ghostlib.errors import QuotaError, TeacherError

LARGE = 4 * 1024 * 1024  # bytes of a PNG above which a JPEG is sent

SHAPE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "no_data": {"type": "boolean"},
        "screen": {"type": "string"},
        "domain": {"type": "string"},
        "elements": {"type": "array", "items": {"type": "string"}},
        "relationships": {"type": "array", "items": {"type": "string"}},
        "complexity": {"type": "string"},
        "sql": {"type": "string"},
        "labels": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"table": {"type": "string"}, "column": {"type": "string"}, "text": {"type": "string"}},
                "required": ["table", "column", "text"],
            },
        },
    },
    "required": ["no_data", "screen", "domain", "elements", "relationships", "complexity", "sql", "labels"],
}


class Settings(Protocol):
    """What is needed of the profile's `teacher` section."""

    @property
    def model(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def timeout(self) -> float: ...


@dataclass(frozen=True)
class Answer:
    """What the model wrote; `blocked` is the reason where it wrote nothing."""

    text: str
    blocked: str = ""
    tokens: int = 0


@dataclass(frozen=True)
class Busy:
    """No answer this time: ask again after `delay` seconds (None: the server named no time)."""

    why: str
    delay: float | None = None


Ask = Callable[[str, Image.Image], Answer | Busy]


def connect(settings: Settings, key: str) -> Ask:
    """A function that asks once. It raises QuotaError for the day's limit and TeacherError where asking again is useless."""
    genai = _library()
    where = {"api_endpoint": settings.endpoint} if settings.endpoint else None
    genai.configure(api_key=key, transport="rest", client_options=where)
    model = genai.GenerativeModel(
        settings.model, generation_config={"response_mime_type": "application/json", "response_schema": SHAPE}
    )

    def ask(prompt: str, picture: Image.Image) -> Answer | Busy:
        from google.api_core.exceptions import GoogleAPICallError
        from google.protobuf.json_format import ParseError
        from requests import RequestException

        try:
            options = {"timeout": settings.timeout, "retry": None}  # the library's own retry hides a 503 from the pacing
            return _answer(model.generate_content([prompt, encoded(picture)], request_options=options))
        except GoogleAPICallError as error:
            return _refusal(error, settings, key)
        except RequestException as error:
            return Busy(type(error).__name__)
        except (ParseError, ValueError) as error:  # a 200 that is no Gemini answer: a proxy's page, half a message
            return Busy(f"not an answer of Gemini ({type(error).__name__})")

    return ask


def encoded(picture: Image.Image) -> dict[str, Any]:
    """The picture as the client wants it: PNG, or JPEG where the PNG is larger than 4 MB."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (("PNG", {}), ("JPEG", {"quality": 90}))
    for kind, options in kinds:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        if buffer.tell() <= LARGE:
            break
    return {"mime_type": f"image/{kind.lower()}", "data": buffer.getvalue()}


def _library() -> Any:
    with warnings.catch_warnings():
        # The client is at its end of life and says so at every import, as does its core about the Python version
        warnings.filterwarnings("ignore", r"\s*All support for the `google.generativeai` package", FutureWarning)
        warnings.filterwarnings("ignore", r"You are using a (non-supported )?Python version", FutureWarning)
        import google.generativeai as genai
    return genai


def _answer(response: Any) -> Answer:
    tokens = int(getattr(response.usage_metadata, "total_token_count", 0) or 0)
    if not response.candidates:
        return Answer("", response.prompt_feedback.block_reason.name or "no candidate", tokens)
    candidate = response.candidates[0]
    text = "".join(part.text for part in candidate.content.parts)
    return Answer(text, "" if text else candidate.finish_reason.name, tokens)


def _refusal(error: Any, settings: Settings, key: str) -> Busy:
    """Busy where waiting helps; else the exception that ends the run, in one line and without the key."""
    said = " ".join(str(error.message).replace(key, "***").split())[:300]
    details = [detail for detail in error.details or () if isinstance(detail, dict)]
    if error.code == 429:
        quotas = [str(item.get("quotaId", "")) for detail in details for item in detail.get("violations", ())]
        if any("PerDay" in quota for quota in quotas):
            raise QuotaError(f"the day's quota of {settings.model} is used up.") from None
        delays = [str(detail["retryDelay"]) for detail in details if "retryDelay" in detail]
        return Busy("429 too many requests", _seconds(delays[0]) if delays else None)
    if error.code in (408, 500, 502, 503, 504):
        return Busy(f"{error.code} from the server")
    if error.code == 404:
        raise TeacherError(f"no model {settings.model!r} at Gemini; there are: {_models()}. Set `teacher.model`.") from None
    if error.code in (401, 403) or "API key" in said:
        raise TeacherError("Gemini refuses this key. Make one at aistudio.google.com and set GEMINI_API_KEY.") from None
    raise TeacherError(f"Gemini refuses the request ({error.code}: {said}).") from None


def _seconds(duration: str) -> float | None:
    try:
        return max(0.0, float(duration.removesuffix("s")))
    except ValueError:
        return None


def _models() -> str:
    from google.api_core.exceptions import GoogleAPICallError
    from requests import RequestException

    try:
        models = _library().list_models(request_options={"timeout": 20, "retry": None})
        names = [model.name.removeprefix("models/") for model in models]
    except (GoogleAPICallError, RequestException, ValueError):
        names = []
    return ", ".join(names[:12]) or "none listed"
