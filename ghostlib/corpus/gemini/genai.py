"""The maintained client, google-genai."""

from typing import Any

from ghostlib.corpus.gemini.replies import Answer, Busy, Refusal, outcome

HTTP = ("httpx", "httpx2")


class Client:
    """The seam: `ask` one question, name the `models`."""

    def __init__(self, settings: Any, key: str, shape: dict[str, Any]) -> None:
        from google import genai

        milliseconds = max(1, round(settings.timeout * 1000))
        self.model, self.wanted = settings.model, {"response_mime_type": "application/json", "response_schema": shape}
        where = {"base_url": settings.endpoint} if settings.endpoint else {}
        # one attempt: the client's own retry hides a 503 from the pace
        options = {"timeout": milliseconds, "retry_options": {"attempts": 1}, **where}
        self.client = genai.Client(api_key=key, vertexai=False, http_options=options)

    def ask(self, prompt: str, image: dict[str, Any]) -> Answer | Busy | Refusal:
        """What came back."""
        from google.genai import errors, types

        try:
            part = types.Part.from_bytes(**image)
            return _answer(self.client.models.generate_content(model=self.model, contents=[prompt, part], config=self.wanted))
        except errors.APIError as error:
            told = error.details.get("error", {}) if isinstance(error.details, dict) else {}
            return Refusal(int(error.code or 0), str(error.message), tuple(told.get("details") or ()))
        except ValueError as error:  # a proxy's page, half a message
            return Busy(f"not an answer of Gemini ({type(error).__name__})")
        except Exception as error:
            if not _of_the_line(error):
                raise
            return Busy(f"the connection failed ({type(error).__name__})")

    def models(self) -> list[str]:
        """The names of the models that answer prompts; none where the list cannot be had."""
        from google.genai import errors

        try:
            found = list(self.client.models.list())
        except (errors.APIError, ValueError):
            return []
        except Exception as error:
            if not _of_the_line(error):
                raise
            return []
        return [str(one.name).removeprefix("models/") for one in found if "generateContent" in (one.supported_actions or ())]


def _of_the_line(error: Exception) -> bool:
    """Whether an error is its HTTP library's, which is another one from version to version."""
    return type(error).__module__.partition(".")[0] in HTTP


def _answer(response: Any) -> Answer | Busy:
    if not response.candidates:
        reason = response.prompt_feedback and response.prompt_feedback.block_reason
        return outcome("", reason.name if reason else "", response.usage_metadata)
    candidate = response.candidates[0]
    parts = (candidate.content and candidate.content.parts) or ()
    text = "".join(part.text or "" for part in parts if not part.thought)
    return outcome(text, candidate.finish_reason.name if candidate.finish_reason else "", response.usage_metadata)
