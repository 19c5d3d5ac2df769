"""One answer, however often it must be asked for: the pace, the waiting, the attempts."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from PIL import Image

from ghostlib.corpus.gemini import Answer, Ask, Busy
from ghostlib.corpus.teaching.ledger import Ledger

ATTEMPTS = 5  # calls for one answer before a picture is left for the next run
SLOWEST = 64.0  # seconds between two attempts, at most


class Asking:
    """Asks until there is an answer: not faster than the settings allow, and after a refusal not before its time."""

    def __init__(self, ask: Ask, ledger: Ledger, sleep: Callable[[float], None] = time.sleep, seed: int | None = None) -> None:
        self.ask, self.ledger, self.sleep = ask, ledger, sleep
        self.jitter = random.Random(seed)  # two runs on one key shall not ask at the same moments

    def __call__(self, prompt: str, picture: Image.Image) -> Answer | Busy:
        """The answer, or Busy after ATTEMPTS calls. Raises QuotaError and TeacherError as the service's function does."""
        told: Answer | Busy = Busy("not asked")
        for attempt in range(ATTEMPTS):
            told = self._once(prompt, picture)
            if isinstance(told, Answer):
                break
            if attempt < ATTEMPTS - 1:
                self.sleep(self._backoff(attempt) if told.delay is None else told.delay)
        return told

    def _once(self, prompt: str, picture: Image.Image) -> Answer | Busy:
        self.ledger.allow(datetime.now(UTC))
        if (wait := self.ledger.wait(datetime.now(UTC))) > 0:
            self.sleep(wait)
        self.ledger.ask(datetime.now(UTC))
        return self.ask(prompt, picture)

    def _backoff(self, attempt: int) -> float:
        return min(SLOWEST, 2.0**attempt) * (0.5 + self.jitter.random())
