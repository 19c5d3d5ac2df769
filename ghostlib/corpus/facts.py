"""Facts told in words and the same as JSON: values to copy letter by letter, for what no screen shows.

Without them no exercise held a brace, and few a quotation mark or a capital that stands alone.
"""

import json
import random
from typing import Any

from ghostlib.corpus import invented

TELLING = ("The {} is {}.", "Its {} is {}.", "{}: {}", "Use {} {}.", "With {} {}.", "We want {} {}.", "{} {}.")
MOST = 5


def told(rng: random.Random) -> tuple[str, str]:
    """Some facts in English, and the JSON object that holds them in the order in which they were told, without blanks."""
    words: list[str] = []
    found: dict[str, Any] = {}
    for _ in range(rng.randint(1, MOST)):
        name = invented.phrase(rng)
        key = _key(name, rng)
        if key in found:
            continue
        if rng.random() < 0.2:
            inner = {_key(one, rng): (one, _value(rng)) for one in (invented.phrase(rng) for _ in range(rng.randint(1, 2)))}
            found[key] = {part: value for part, (_, value) in inner.items()}
            words.append(" ".join(_said(f"{name} {one}", value, rng) for one, value in inner.values()))
        else:
            found[key] = _value(rng)
            words.append(_said(name, found[key], rng))
    return " ".join(words), json.dumps(found, separators=(",", ":"))


def _said(name: str, value: Any, rng: random.Random) -> str:
    shown = " and ".join(map(str, value)) if isinstance(value, list) else value
    said = rng.choice(TELLING).format(name.replace("_", " "), shown)
    return said[0].upper() + said[1:]


def _key(name: str, rng: random.Random) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest) if rng.random() < 0.8 else name


def _value(rng: random.Random) -> Any:
    """A word, a name, a number, a code, an address of the networks that are kept for examples, or some numbers."""
    word, digits = rng.choice(invented.phrase(rng).split("_")), str(rng.randrange(10 ** rng.randint(1, 10)))
    host = f"{word}.example" if rng.random() < 0.5 else f"{word}.example.{rng.choice(('com', 'org', 'net'))}"
    dotted = ".".join(str(rng.randrange(256)) for _ in range(4))
    made: list[Any] = [
        word,
        int(digits),
        [rng.randrange(65536) for _ in range(rng.randint(1, 3))],
        f"+{rng.randrange(10**8, 10**13)}",
        f"{word}-{digits[:3]}@{host}",
        f"https://{host}/{invented.phrase(rng)}",
        dotted,
        f"{dotted.rpartition('.')[0]}.0/{rng.randrange(8, 31)}",
        f"2001:db8:{rng.randrange(65536):x}::{rng.randrange(65536):x}",
        "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=rng.randint(1, 5))) + rng.choice(("", "_", "-")) + digits[:2],
        "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=rng.randint(4, 14))),
        f"20{rng.randrange(24, 31)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T{rng.randrange(24):02d}:00:00Z",
    ]
    return rng.choice(made)
