"""Plain values (YAML, `key=value`) into frozen dataclasses, strictly: an unknown key or a wrong type is one clear line."""

import dataclasses
import difflib
import types
import typing
from pathlib import Path
from typing import Any

import yaml

from ghostlib.errors import ConfigError


def read(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file. Raises ConfigError with line and column for what is not YAML."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{path}: is not YAML{place} ({reason})") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds {type(values).__name__}, expected keys and values")
    return values


def nested(override: str) -> dict[str, Any]:
    """ "train.max_steps=60" as {"train": {"max_steps": 60}}. Raises ConfigError for anything else."""
    name, equals, text = override.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--set {override}: expected key=value, for example train.max_steps=60")
    try:
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override}: the value is not YAML") from None
    for part in reversed(name.strip().split(".")):
        value = {part: value}
    return value


def merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`, dicts within dicts too."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def build(kind: type, values: dict[str, Any], *, where: str, prefix: str = "") -> Any:
    """A frozen dataclass of `kind` (dataclasses within it too) from plain values. Raises ConfigError, with the nearest key."""
    hints = typing.get_type_hints(kind)
    unknown = [key for key in values if key not in hints]
    if unknown:
        raise ConfigError(f"{where}: unknown key {prefix}{unknown[0]}{nearest(str(unknown[0]), list(hints), prefix)}")
    built = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if dataclasses.is_dataclass(hints[key]):
            if not isinstance(value, dict):
                raise ConfigError(
                    f"{where}: {name} holds keys of its own, for example {name}.{next(iter(typing.get_type_hints(hints[key])))}"
                )
            built[key] = build(hints[key], value, where=where, prefix=f"{name}.")
        else:
            built[key] = _typed(value, hints[key], f"{where}: {name}={value}")
    return kind(**built)


def _typed(value: Any, hint: Any, where: str) -> Any:
    if isinstance(hint, types.GenericAlias):  # tuple[str, ...] is the only one
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where}: expected a list of words")
        return tuple(value)
    if typing.get_origin(hint) is typing.Literal:
        word = ("off", "on")[value] if isinstance(value, bool) else value  # YAML 1.1 reads on and off as true and false
        if word not in typing.get_args(hint):
            raise ConfigError(f"{where}: expected one of {', '.join(typing.get_args(hint))}")
        return word
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str):  # YAML reads 2e-4 as text
        try:
            return float(value)
        except ValueError:
            raise ConfigError(f"{where}: expected a number") from None
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: expected {hint.__name__}, not {type(value).__name__}")
    return value


def nearest(name: str, known: list[str], prefix: str = "") -> str:
    """` (did you mean ...?)` with the known name that is most like this one, else all that are known."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {prefix}{close[0]}?)" if close else f" (known: {', '.join(known)})"
