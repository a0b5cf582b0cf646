"""What the elections of `leasehold` and of `leasehold.aio` have in common beside settings."""

from __future__ import annotations

import os

from . import _process
from ._settings import Configured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

    from ._leasehold import Background, Cancellation, MemoryLease, Once
    from ._listeners import Registration


class Candidate(Configured):
    """One candidate in the election for one Lease. Have as many as there are Leases.

    Every method may be called from any thread. In a forked child `is_leader` is False and the
    methods that can fail raise `ForkedError`; one that was not started yet is the child's own to
    start. An election that nothing refers to any more stops, as one does at the interpreter's end.
    """

    _waiting: list[Registration]
    """Listeners that were added before the start. They listen from then on, also in a child."""
    _started_in: int | None
    """The process in which it was started; a forked child has not started it."""
    _has_warned: bool

    def _prepare(self, memory: MemoryLease | None) -> None:
        super()._prepare(memory)
        self._waiting = []
        self._started_in = None
        self._has_warned = False

    def _begin(self) -> Self:
        self._start(self._prepare_to_begin())
        return self

    def _once(self, key: str, in_listener: bool, cancellation: Cancellation | None) -> Once | None:
        """Begins a call of `run_once`; None once cancelled."""
        return self._begin_once(key, self._prepare_to_begin(), in_listener, cancellation)

    def _prepare_to_begin(self) -> Background:
        process = _process.current()
        process.ensure_threads()
        with process.lock:
            self._started_in = os.getpid()
            waiting, self._waiting = self._waiting, []
        try:
            for registration in waiting:
                registration._attach(self)
        except BaseException:
            with process.lock:
                self._waiting = [*waiting, *self._waiting]
            raise
        return process.background

    def _register(self, registration: Registration) -> Registration:
        with _process.current().lock:
            if self._started_in is None:
                self._waiting.append(registration)
                return registration
        registration._attach(self)
        return registration

    def _check_started(self, advice: str) -> None:
        """Says once that work is not done since nobody has started the election. Raises
        `ForkedError` if the parent of this process has.
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
