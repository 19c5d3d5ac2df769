"""Secrets: the JSON object in GHOST_STANDIN_SECRETS; a value null is a secret that this notebook may not read."""

import json
import os

from google.colab import calls


class SecretNotFoundError(Exception):
    """No secret of this name."""


class NotebookAccessError(Exception):
    """The person has not granted this notebook access to the secret."""


def get(key: str) -> str:
    """As Colab's own: the secret's value, or one of the two errors above."""
    calls.append(("userdata.get", key))
    secrets = json.loads(os.environ.get("GHOST_STANDIN_SECRETS", "{}"))
    if key not in secrets:
        raise SecretNotFoundError(key)
    if secrets[key] is None:
        raise NotebookAccessError(key)
    return secrets[key]
