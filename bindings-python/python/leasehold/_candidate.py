"""What the elections of `leasehold` and of `leasehold.aio` have in common: settings, listeners."""

from __future__ import annotations

import os

from . import _process
from ._errors import ConfigError
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
      host); `always` leads from when `start` returns, `never` does not; `auto` is `kubernetes` in
      a pod and `file` on a plain host. Default: `auto`.
    - `lease_duration`: how long others wait after the Lease last changed: whole seconds. Default:
      15.
    - `renew_deadline`: how long a leader may act on its last successful renewal. Default: 10.
    - `retry_period`: the time between renewals, and between attempts. Default: 2.
    - `drain_timeout`: how long work may take to stop, before the Lease is left to run out. Default:
      20.
    - `stall_timeout`: after how long without a sign of life from the interpreter this instance
      stops leading, as when a C extension holds the GIL; 0 means never. Default: 30.
    - `release_on_stop`: whether stopping gives the Lease back, so that another leads at once.
      Default: True.
    - `reclaim`: whether an unexpired record under this very `identity` is taken up at once. Safe
      only where no other process ever uses that identity. Default: False.
    - `candidates`: roughly how many there are; spreads their attempts. Default: 10.
    - `kubeconfig`: the kubeconfig file, for mode `kubernetes` outside a pod. Default: `KUBECONFIG`,
      else `~/.kube/config`.
    - `context`: the kubeconfig's context. Default: its current one.
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
        settings = [
            (name, _text(name, value)) for name, value in given.items() if value is not None
        ]
        memory = cls._memory()
        self = super().__new__(cls, settings, memory)
        self._waiting = []
        self._started_in = None
        self._has_warned = False
        self._prepare(memory)
        return self

    # Python's message for a misspelt setting names it.
    __new__.__qualname__ = "LeaderElection"

    _waiting: list[Registration]
    """Listeners that were added before the start. They listen from then on, also in a child."""
    _started_in: int | None
    """The process in which it was started; a forked child has not started it."""
    _has_warned: bool

    @classmethod
    def _memory(cls) -> MemoryLease | None:
        """A Lease in place of the one that the settings name: for tests."""
        return None

    def _prepare(self, memory: MemoryLease | None) -> None:
        """What a subclass adds to a new election."""

    def _begin(self) -> Self:
        process = _process.current()
        process.ensure_threads()
        with process.lock:
            self._started_in = os.getpid()
            waiting, self._waiting = self._waiting, []
        for registration in waiting:
            registration._attach(self)
        self._start(process.background)
        return self

    def _register(self, registration: Registration) -> Registration:
        with _process.current().lock:
            if self._started_in is None:
                self._waiting.append(registration)
                return registration
        registration._attach(self)
        return registration

    def _check_started(self, advice: str) -> None:
        """Says once that work is not done since nobody has started the election. Raises
        `ForkedError` where the parent of this process has.
        """
        if self._started_in not in (None, os.getpid()):
            self.check_health()
        if self._started_in is not None or self._has_warned:
            return
        self._has_warned = True
        import logging

        warning = "the election for `%s` was never started: %s"
        logging.getLogger("leasehold").warning(warning, self.status().lease, advice)

    def __repr__(self) -> str:
        status = self.status()
        return f"<{type(self).__qualname__} lease={status.lease!r} role={status.role!r}>"


_TEXTS = frozenset(["lease", "namespace", "identity", "mode", "kubeconfig", "context", "directory"])
"""The settings that are no numbers."""


def _text(name: str, value: object) -> str:
    """A setting as the environment would have it."""
    if name in _TEXTS and not isinstance(value, (str, os.PathLike)):
        # Such as a number from YAML: it would be a name as well.
        raise ConfigError(f"{name} = {value!r}: use a string, such as {str(value)!r}", "config")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    # A `timedelta`, without importing `datetime` for those who have none.
    total_seconds = getattr(value, "total_seconds", None)
    return str(value if total_seconds is None else total_seconds())
