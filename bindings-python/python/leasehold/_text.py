"""Settings as the core takes them: as text, in the form of the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from ._errors import ConfigError


def of_name(setting: str, value: object) -> str | None:
    """The text of a setting that is a name or a path."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    # Such as a number from YAML: it would be a name as well.
    raise ConfigError(f"{setting} = {value!r}: use a string, such as {str(value)!r}", "config")


def of_map(setting: str, value: object) -> str | None:
    """The text of a setting that is a mapping."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        texts = [text for pair in value.items() for text in pair]
        if all(isinstance(text, str) for text in texts):
            return json.dumps(dict(value))
    fix = "use a mapping of strings, such as {'team': 'payments'}"
    raise ConfigError(f"{setting} = {value!r}: {fix}", "config")


def of_value(value: object) -> str | None:
    """The text of any other setting."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    # A `timedelta`, without importing `datetime` for those who have none.
    total_seconds = getattr(value, "total_seconds", None)
    return str(value if total_seconds is None else total_seconds())
