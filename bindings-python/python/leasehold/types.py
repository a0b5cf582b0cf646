# Made by `cargo xtask codegen` from core/src. Change it there, or its template.
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

Mode: TypeAlias = Literal[
    "auto",
    "kubernetes",
    "file",
    "always",
    "never",
]
"""Where the Lease is kept, and so who takes part.

- `auto`: In a pod `kubernetes`; `file` if a person works at a terminal or a desktop, or if the
  directory is set. Anything else is a configuration error, never a private election.
- `kubernetes`: A Lease in Kubernetes: through the pod's service account, else a kubeconfig.
- `file`: A record in a folder, for the processes of one host.
- `always`: The leader from the start, without asking anybody. For a single instance.
- `never`: Never the leader.
"""

ProofOfDeath: TypeAlias = Literal[
    "none",
    "local",
    "pods",
]
"""By which proofs that its holder is dead a Lease is acquired before it has expired.

- `none`: By none, and nothing is recorded by which others could prove that this process is dead.
- `local`: By what this machine shows without further rights: that the holder's container has been
  started again, or that the kernel has released the holder's lock.
- `pods`: By these and, in mode `kubernetes`, by the status of the holder's pod, which says that its
  container has ended. Needs the verbs `get` and `watch` on pods; if these are not granted, it is
  `local`.
"""

Acquisition: TypeAlias = Literal[
    "free",
    "released",
    "expired",
    "regained",
    "container_restarted",
    "container_terminated",
    "lock_released",
]
"""How a leader came to lead.

- `free`: Nobody held the Lease, or there was none.
- `released`: Its last holder released it.
- `expired`: Its last holder had not renewed it for its lease duration.
- `regained`: It was still this candidate's own; or, with `reclaim`, that of its identity.
- `container_restarted`: Its holder was proven dead: the container that it ran in has been started
  again.
- `container_terminated`: Its holder was proven dead: the status of its pod says that the container
  that it ran in has ended.
- `lock_released`: Its holder was proven dead: the kernel has let go of the lock that its process,
  and all that it has started, held.
"""

Role: TypeAlias = Literal[
    "candidate",
    "leader",
    "draining",
    "releasing",
    "stalled",
    "stopped",
]
"""What a candidate is doing.

- `candidate`: Follows the Lease and acquires it when it becomes free.
- `leader`: Entitled to act.
- `draining`: No longer the leader; renews until the application's work has stopped.
- `releasing`: The work has stopped; the Lease is being released.
- `stalled`: Not campaigning, because the interpreter shows no sign of life.
- `stopped`: Does not take part.
"""

LostReason: TypeAlias = Literal[
    "expired",
    "superseded",
    "identity_conflict",
    "emptied",
    "deleted",
    "limit_reached",
    "stepped_down",
    "stopped",
    "stalled",
    "clock_fault",
]
"""Why a term ended.

- `expired`: No renewal succeeded within the renew deadline.
- `superseded`: Another holder, or another write under the same holder, is in the Lease.
- `identity_conflict`: Another process writes under this candidate's identity.
- `emptied`: Somebody emptied the holder.
- `deleted`: Somebody deleted the Lease.
- `limit_reached`: The work has gone on for as long as the application has set for it.
- `stepped_down`: The application called `step_down`.
- `stopped`: The application stopped the election, or its process ends in order.
- `stalled`: The interpreter showed no sign of life for the stall timeout.
- `clock_fault`: The clock went backwards, or belongs to another boot.
"""

ErrorKind: TypeAlias = Literal[
    "config",
    "forbidden",
    "unauthorized",
    "unavailable",
    "timed_out",
    "corrupt",
    "identity_conflict",
    "leadership_lost",
    "work_failed",
    "forked",
    "closed",
    "internal",
]
"""What went wrong, and so what to do. In other languages each kind is an exception.

- `config`: A setting is wrong: the message names the field, its value and the fix. Retrying cannot
  help.
- `forbidden`: The API server refuses a verb: grant the Role that the message prints.
- `unauthorized`: The credentials were not accepted: they have expired or belong to another cluster.
- `unavailable`: The store cannot be reached or refuses work for now. The election goes on trying.
- `timed_out`: It took too long: a request, of which nobody knows whether it took effect, or a wait.
  The message says what was waited for.
- `corrupt`: The stored record cannot be understood: the message says what is wrong with it.
- `identity_conflict`: Another process writes under this candidate's identity: give each its own.
- `leadership_lost`: This instance is not, or no longer, the leader: stop the guarded work.
- `work_failed`: Work that is to run once has failed as often as it may: the message says with what.
  It is not tried again under this key.
- `forked`: This process is a fork of the one that started the election: start one of its own.
- `closed`: The election has been stopped or closed, or was never started.
- `internal`: A defect in Leasehold: please report it.
"""


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
    proof_of_death: ProofOfDeath | None
    spread: Duration | None
    preference: int | None
    kubeconfig: Path | None
    context: str | None
    directory: Path | None
    labels: Mapping[str, str] | None
    annotations: Mapping[str, str] | None
    kubernetes_events: bool | None
    leader_service: str | None
    leader_address: str | None
