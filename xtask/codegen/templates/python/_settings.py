# {{ made }}
"""The settings of an election, as its arguments."""

from __future__ import annotations

from . import _text
from ._leasehold import Election, MemoryLease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from .types import Duration, Mode, Path, ProofOfDeath


def texts(
    *,
{%- for setting in settings %}
{%- if setting.name != "lease" %}
    {{ setting.name }}: {{ setting.type_name }} | None = None,
{%- endif %}
{%- endfor %}
) -> list[tuple[str, str]]:
    """The settings that are given beside the Lease's name, as the core takes them."""
    given = [
{%- for setting in settings %}
{%- if setting.name != "lease" %}
        ("{{ setting.name }}", _text.{{ setting.convert }}),
{%- endif %}
{%- endfor %}
    ]
    return [(name, text) for name, text in given if text is not None]


# Python's message for a misspelt setting names it.
texts.__qualname__ = "Locks"


class Configured(Election):
    """An election that takes its settings as arguments."""

    def __new__(
        cls,
        lease: str | None = None,
        *,
{%- for setting in settings %}
{%- if setting.name != "lease" %}
        {{ setting.name }}: {{ setting.type_name }} | None = None,
{%- endif %}
{%- endfor %}
    ) -> Self:
        {{ docs }}
        settings = texts(
{%- for setting in settings %}
{%- if setting.name != "lease" %}
            {{ setting.name }}={{ setting.name }},
{%- endif %}
{%- endfor %}
        )
        if (text := _text.of_name("lease", lease)) is not None:
            settings.append(("lease", text))
        memory = cls._memory()
        self = super().__new__(cls, settings, memory)
        self._prepare(memory)
        return self

    # Python's message for a misspelt setting names it.
    __new__.__qualname__ = "LeaderElection"

    @classmethod
    def _memory(cls) -> MemoryLease | None:
        """A Lease in place of the one that the settings name: for tests."""
        return None

    def _prepare(self, memory: MemoryLease | None) -> None:
        """What a subclass adds to a new election."""
