"""The answers on disk, a file each, by picture, prompt and model: what was paid for once is not asked for again."""

import hashlib
import json
from pathlib import Path

from PIL import Image

from ghostlib.corpus.gemini.replies import Answer
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.reading import fingerprint
from ghostlib.corpus.teaching.draft import LONGEST


class Answers:
    """A folder of answers. A file is whole or not there, also after kill -9; a damaged one counts as not there."""

    def __init__(self, folder: Path, model: str, secret: str = "") -> None:
        self.folder, self.model, self.secret = folder, model, secret

    def find(self, prompt: str, picture: Image.Image) -> Answer | None:
        """The answer to this question, or None."""
        try:
            row = json.loads(self._file(prompt, picture).read_text(encoding="utf-8"))
            answer = Answer(**row)
        except (OSError, ValueError, TypeError):
            return None
        told = isinstance(answer.text, str) and isinstance(answer.blocked, str)
        return answer if told and type(answer.tokens_in) is type(answer.tokens_out) is int else None

    def keep(self, prompt: str, picture: Image.Image, answer: Answer) -> Answer:
        """The answer as it now stands on disk: without the key, and no longer than one that is of use."""
        text = answer.text[: LONGEST + 1]
        text = text.replace(self.secret, "***") if self.secret else text
        safe = Answer(text, answer.blocked, answer.tokens_in, answer.tokens_out)
        write_atomically(self._file(prompt, picture), json.dumps(vars(safe)))  # ASCII: half a surrogate is written too
        return safe

    def _file(self, prompt: str, picture: Image.Image) -> Path:
        name = hashlib.sha256("\0".join((fingerprint(picture), prompt, self.model)).encode("utf-8", "replace")).hexdigest()
        return self.folder / f"{name}.json"
