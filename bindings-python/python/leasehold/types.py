"""Names for type annotations; no program needs them to run."""

from __future__ import annotations

from datetime import timedelta
from os import PathLike
from typing import Literal, TypeAlias, TypedDict

from ._leasehold import Acquired, LeaderChanged, Lost, RenewalFailing, Stopped

Event: TypeAlias = Acquired | Lost | LeaderChanged | RenewalFailing | Stopped
"""What a listener is told. Each term has one `Acquired` and one `Lost`, in order."""

Duration: TypeAlias = float | timedelta
"""A duration; as a number it is in seconds."""

Path: TypeAlias = str | PathLike[str]
"""A file or folder."""

Mode: TypeAlias = Literal["auto", "kubernetes", "file", "always", "never"]
"""Where the Lease is kept, and so who takes part."""

Role: TypeAlias = Literal["candidate", "leader", "draining", "releasing", "stalled", "stopped"]
"""What a candidate is doing."""

LostReason: TypeAlias = Literal[
    "expired",
    "superseded",
    "identity_conflict",
    "emptied",
    "deleted",
    "stepped_down",
    "stopped",
    "stalled",
    "clock_fault",
]
"""Why a term ended."""

ErrorKind: TypeAlias = Literal[
    "config",
    "forbidden",
    "unauthorized",
    "unavailable",
    "timed_out",
    "corrupt",
    "identity_conflict",
    "leadership_lost",
    "forked",
    "closed",
    "internal",
]
"""What went wrong: see `LeaseholdError.kind`."""


class Settings(TypedDict, total=False):
    """The settings of `LeaderElection` beside the Lease's name; that class documents them."""

    namespace: str | None
    identity: str | None
    mode: Mode | None
    lease_duration: Duration | None
    renew_deadline: Duration | None
    retry_period: Duration | None
    drain_timeout: Duration | None
    stall_timeout: Duration | None
    release_on_stop: bool | None
    reclaim: bool | None
    candidates: int | None
    kubeconfig: Path | None
    context: str | None
    directory: Path | None
