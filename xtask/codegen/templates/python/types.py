# {{ made }}
"""Names for type annotations; no program needs them to run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from os import PathLike
from typing import Literal, TypeAlias, TypedDict

from ._leasehold import Acquired, LeaderChanged, Lost, RenewalFailing, Stopped

Event: TypeAlias = Acquired | Lost | LeaderChanged | RenewalFailing | Stopped
"""What a listener receives. Each term has one `Acquired` and one `Lost`, in order."""

Duration: TypeAlias = float | timedelta
"""A duration; as a number it is in seconds."""

Path: TypeAlias = str | PathLike[str]
"""A file or folder."""
{%- for list in lists %}

{{ list.name }}: TypeAlias = Literal[
{%- for word in list.words %}
    "{{ word.name }}",
{%- endfor %}
]
{{ list.docs }}
{%- endfor %}


class Settings(TypedDict, total=False):
    """The settings of `LeaderElection` beside the Lease's name; that class documents them."""
{% for setting in settings %}
    {{ setting.name }}: {{ setting.type_name }} | None
{%- endfor %}
