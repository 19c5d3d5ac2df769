"""The statements of a text, within limits: a long text is parsed by a child process that may run out of memory alone."""

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from ghostlib.schemas import statements as parts
from ghostlib.schemas.statements import Statement

SHORT = 200_000  # characters that are parsed right here: the worst of them take 60 MiB and a second
MEMORY = 2 << 30  # bytes of address space for the child
CHILD = """
import json, sys
path, memory = json.loads(sys.argv[1])
sys.path[:] = path
if sys.platform == "linux":
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
from ghostlib.schemas import parser
sys.stdout.buffer.write(parser.told(sys.stdin.buffer.read()))
"""


def statements(text: str, *, timeout: float) -> list[Statement]:
    """What `statements.statements` says; a text that its parser cannot take comes back as one refused statement.

    `timeout` in seconds and five more for every million characters, for a text that is not short.
    """
    if len(text) <= SHORT:
        return parts.statements(text)
    if len(text) > parts.LONGEST:
        return [_refused(f"more than {parts.LONGEST:,} characters")]
    limit = timeout + 5 * len(text) / 1e6
    command = [sys.executable, "-I", "-c", CHILD, json.dumps([sys.path, MEMORY])]
    try:
        run = subprocess.run(command, input=text.encode("utf-8", "replace"), capture_output=True, timeout=limit, check=True)
        return [_read(one) for one in json.loads(run.stdout)]
    except subprocess.TimeoutExpired:
        return [_refused(f"not parsed within {limit:.0f} s")]
    except (subprocess.CalledProcessError, ValueError):
        return [_refused(f"the parser did not survive it, or needed more than {MEMORY >> 30} GiB of memory")]


def told(text: bytes) -> bytes:
    """The statements of a text as JSON; what the child process answers."""
    return json.dumps([asdict(one) for one in parts.statements(text.decode())]).encode()


def _read(one: dict[str, Any]) -> Statement:
    edits = tuple((first, last, instead) for first, last, instead in one.pop("edits"))
    return Statement(**{**one, "edits": edits, "schemas": tuple(one["schemas"])})


def _refused(why: str) -> Statement:
    return Statement("", 1, 1, "refused", why, "54000")
