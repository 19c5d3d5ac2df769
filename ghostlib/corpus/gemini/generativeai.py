"""The named client, google-generativeai, over REST. It is at its end of life and works; `genai` is its heir."""

import warnings
from typing import Any

from ghostlib.corpus.gemini.replies import Answer, Busy, Refusal, outcome


class Client:
    """The seam: `ask` one question, name the `models`."""

    def __init__(self, settings: Any, key: str, shape: dict[str, Any]) -> None:
        self.genai, self.settings = library(), settings
        where = {"api_endpoint": settings.endpoint} if settings.endpoint else None
        self.genai.configure(api_key=key, transport="rest", client_options=where)
        wanted = {"response_mime_type": "application/json", "response_schema": shape}
        self.model = self.genai.GenerativeModel(settings.model, generation_config=wanted)

    def ask(self, prompt: str, image: dict[str, Any]) -> Answer | Busy | Refusal:
        """What came back. The client's own retry is off: it hides a 503 from the pace."""
        from google.api_core.exceptions import GoogleAPICallError
        from google.protobuf.json_format import ParseError
        from requests import RequestException

        try:
            options = {"timeout": self.settings.timeout, "retry": None}
            return _answer(self.model.generate_content([prompt, image], request_options=options))
        except GoogleAPICallError as error:
            return Refusal(int(error.code or 0), str(error.message), tuple(error.details or ()))
        except RequestException as error:
            return Busy(f"the connection failed ({type(error).__name__})")
        except (ParseError, ValueError) as error:  # a 200 that is no Gemini answer: a proxy's page, half a message
            return Busy(f"not an answer of Gemini ({type(error).__name__})")

    def models(self) -> list[str]:
        """The names of the models that answer prompts; none where the list cannot be had."""
        from google.api_core.exceptions import GoogleAPICallError
        from requests import RequestException

        try:
            found = list(self.genai.list_models(request_options={"timeout": 20, "retry": None}))
        except (GoogleAPICallError, RequestException, ValueError):
            return []
        return [one.name.removeprefix("models/") for one in found if "generateContent" in one.supported_generation_methods]


def library() -> Any:
    """The package, imported without its farewell and its core's words about the Python version."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*All support for the `google.generativeai` package", FutureWarning)
        warnings.filterwarnings("ignore", r"You are using a (non-supported )?Python version", FutureWarning)
        import google.generativeai as genai
    return genai


def _answer(response: Any) -> Answer | Busy:
    if not response.candidates:
        return outcome("", response.prompt_feedback.block_reason.name, response.usage_metadata)
    candidate = response.candidates[0]
    text = "".join(part.text for part in candidate.content.parts)
    return outcome(text, candidate.finish_reason.name, response.usage_metadata)
