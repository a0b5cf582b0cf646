"""What the elections of `leasehold` and of `leasehold.aio` have in common: settings, listeners."""

from __future__ import annotations

import os

from . import _process
from ._leasehold import Election, MemoryLease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

    from ._listeners import Registration
    from .types import Duration, Mode, Path


class Candidate(Election):
    """One candidate in the election for one Lease. Have as many as there are Leases.

    What is left out comes from the environment (`LEASEHOLD_` and the setting's name in capitals),
    and else has a default. Durations are seconds or `timedelta`.

    - `lease`: the name of the Lease. Default: `LEASEHOLD_LEASE`.
    - `namespace`: of the Lease. Default: `POD_NAMESPACE`, the pod's own, the kubeconfig context's,
      `default`.
    - `identity`: this candidate's unique holder string. Default: the pod's or host's name and a
      random suffix, drawn anew at each start.
    - `mode`: where the Lease is kept: `kubernetes`, `file` (a folder, for the processes of one
      host); `always` leads from when `start` returns, `never` does not; `auto`, the default, is
      `kubernetes` in a pod and `file` on a plain host.
    - `lease_duration`: how long others wait after the Lease last changed: whole seconds. 15.
    - `renew_deadline`: how long a leader may act on its last successful renewal. 10.
    - `retry_period`: the time between renewals, and between attempts. 2.
    - `drain_timeout`: how long work may take to stop, before the Lease is left to run out. 20.
    - `stall_timeout`: after how long without a sign of life from the interpreter this instance
      stops leading, as when a C extension holds the GIL; 0 means never. 30.
    - `release_on_stop`: whether stopping gives the Lease back, so that another leads at once. True.
    - `reclaim`: whether an unexpired record under this very `identity` is taken up at once. Safe
      only where no other process ever uses that identity. False.
    - `candidates`: roughly how many there are; spreads their attempts. 10.
    - `kubeconfig`, `context`: for mode `kubernetes` outside a pod. Default: `KUBECONFIG`,
      `~/.kube/config` and its current context.
    - `directory`: the folder of mode `file`. Default: `~/.leasehold`.

    Raises `ConfigError`, which names the wrong setting, its value and the fix.

    Every method may be called from any thread. In a forked child `is_leader` is False and the
    methods that can fail raise `ForkedError`; one that was not started yet is the child's own to
    start. An election that nothing refers to any more stops, as one does at the interpreter's end.
    """

    def __new__(
        cls,
        lease: str | None = None,
        *,
        namespace: str | None = None,
        identity: str | None = None,
        mode: Mode | None = None,
        lease_duration: Duration | None = None,
        renew_deadline: Duration | None = None,
        retry_period: Duration | None = None,
        drain_timeout: Duration | None = None,
        stall_timeout: Duration | None = None,
        release_on_stop: bool | None = None,
        reclaim: bool | None = None,
        candidates: int | None = None,
        kubeconfig: Path | None = None,
        context: str | None = None,
        directory: Path | None = None,
    ) -> Self:
        given = {
            "lease": lease,
            "namespace": namespace,
            "identity": identity,
            "mode": mode,
            "lease_duration": lease_duration,
            "renew_deadline": renew_deadline,
            "retry_period": retry_period,
            "drain_timeout": drain_timeout,
            "stall_timeout": stall_timeout,
            "release_on_stop": release_on_stop,
            "reclaim": reclaim,
            "candidates": candidates,
            "kubeconfig": kubeconfig,
            "context": context,
            "directory": directory,
        }
        settings = [(name, _text(value)) for name, value in given.items() if value is not None]
        memory = cls._memory()
        self = super().__new__(cls, settings, memory)
        self._waiting = []
        self._listens = False
        self._prepare(memory)
        return self

    _waiting: list[Registration]
    """Listeners that were added before the start. They listen from then on, also in a child."""
    _listens: bool

    @classmethod
    def _memory(cls) -> MemoryLease | None:
        """A Lease in place of the one that the settings name: for tests."""
        return None

    def _prepare(self, memory: MemoryLease | None) -> None:
        """What a subclass adds to a new election."""

    def _begin(self) -> None:
        process = _process.current()
        process.ensure_threads()
        with process.lock:
            self._listens = True
            waiting, self._waiting = self._waiting, []
        for registration in waiting:
            registration.attach(self)
        self._start(process.background)

    def _register(self, registration: Registration) -> Registration:
        with _process.current().lock:
            if not self._listens:
                self._waiting.append(registration)
                return registration
        registration.attach(self)
        return registration

    def __repr__(self) -> str:
        status = self.status()
        return f"<{type(self).__qualname__} lease={status.lease!r} role={status.role!r}>"


def _text(value: object) -> str:
    """A setting as the environment would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    # A `timedelta`, without importing `datetime` for those who have none.
    total_seconds = getattr(value, "total_seconds", None)
    return str(value if total_seconds is None else total_seconds())
