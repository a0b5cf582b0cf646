# {{ made }}
"""What can be raised. The native module finds its exceptions here."""

from __future__ import annotations

__all__ = [
    "LeaseholdError",
{%- for word in words %}
    "{{ word.camel_case }}Error",
{%- endfor %}
]


class LeaseholdError(Exception):
    """Anything that went wrong. The message says what was attempted and what would help."""

    def __init__(self, message: str, kind: str = "internal") -> None:
        super().__init__(message)
        self.kind = kind
        """What went wrong, in a word: one of `leasehold.types.ErrorKind`."""

    def __reduce__(self) -> tuple[type[LeaseholdError], tuple[str, str]]:
        return type(self), (str(self), self.kind)
{%- for word in words %}


class {{ word.camel_case }}Error(LeaseholdError{{ word.also }}):
    {{ word.docs }}
{%- endfor %}


_CLASSES: dict[str, type[LeaseholdError]] = {
{%- for word in words %}
    "{{ word.name }}": {{ word.camel_case }}Error,
{%- endfor %}
}


def error_of_kind(kind: str, message: str) -> LeaseholdError:
    """The exception for a kind of error."""
    return _CLASSES[kind](message, kind)
