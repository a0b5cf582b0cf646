"""Elections for the tests of applications: real ones, whose Lease is in memory and whose only
rival is the test. Listeners, terms and drains are as in production, and nothing is patched.
"""

from __future__ import annotations

import asyncio
from time import monotonic, sleep

from . import _asyncio, aio
from ._candidate import Candidate
from ._election import LeaderElection
from ._errors import ClosedError
from ._leasehold import Acquired, Lost, MemoryLease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._leasehold import Subscription, Term
    from ._listeners import Registration
    from .types import Event

__all__ = ["FakeAsyncLeaderElection", "FakeLeaderElection"]

_LIMIT = 30.0
"""How many seconds a change takes at most; mostly it is a few milliseconds."""
_SETTLED = 5.0
"""How many seconds listeners are waited for, which may be ones that block on purpose."""
_PAUSE = 0.001


class _Rivalled(Candidate):
    """An election whose Lease another instance holds, until the test takes it away."""

    _rival: MemoryLease
    _registered: list[Registration]
    _told: dict[Registration, tuple[type[Event], Term]]
    """What each listener received last of terms, and has done."""

    @classmethod
    def _memory(cls) -> MemoryLease:
        return MemoryLease()

    def _prepare(self, memory: MemoryLease | None) -> None:
        super()._prepare(memory)
        assert memory is not None
        self._rival = memory
        self._registered = []
        self._told = {}
        self._hold()

    def _register(self, registration: Registration) -> Registration:
        # The listener's thread must not refer to the election, which may go before.
        told = self._told

        def note(event: Event) -> None:
            if isinstance(event, (Acquired, Lost)):
                told[registration] = (type(event), event.term)

        registration._on_done = note
        self._registered.append(registration)
        return super()._register(registration)

    def _is_told(self, kind: type[Event], term: Term) -> bool:
        return all(
            self._told.get(registration) == (kind, term)
            for registration in self._registered
            if not registration._removed
        )

    def _hold(self) -> None:
        self._rival.give_to("another-instance")

    def _take_over(self) -> Subscription:
        events = self._subscribe()
        self._hold()
        return events


class FakeLeaderElection(_Rivalled, LeaderElection):
    """A `LeaderElection` that leads when the test says so. It starts as a standby."""

    def acquire(self) -> Term:
        """Lets this instance lead. Returns when it does and listeners and services were called,
        unless one takes longer than some seconds.
        """
        self._rival.release()
        term = self.wait_for_leadership(_LIMIT)
        self._settle(Acquired, term)
        return term

    def lose(self) -> None:
        """Lets another instance take over. Returns when this one knows, and listeners and services
        are done, unless one takes longer than some seconds.
        """
        if self.is_leader:
            self._settle(Lost, _await_loss(self._take_over()))

    def _settle(self, kind: type[Event], term: Term) -> None:
        limit = monotonic() + _SETTLED
        while not self._is_told(kind, term) and monotonic() < limit:
            sleep(_PAUSE)


class FakeAsyncLeaderElection(_Rivalled, aio.LeaderElection):
    """As `FakeLeaderElection`, of `leasehold.aio`."""

    async def acquire(self) -> Term:
        """Lets this instance lead. Returns when it does and listeners and services were called,
        unless one takes longer than some seconds.
        """
        self._rival.release()
        term = await self.wait_for_leadership(_LIMIT)
        await self._settle(Acquired, term)
        return term

    async def lose(self) -> None:
        """Lets another instance take over. Returns when this one knows, and listeners and services
        are done, unless one takes longer than some seconds.
        """
        if self.is_leader:
            events = self._take_over()
            await self._settle(Lost, await _asyncio.in_thread(lambda: _await_loss(events)))

    async def _settle(self, kind: type[Event], term: Term) -> None:
        limit = monotonic() + _SETTLED
        while not self._is_told(kind, term) and monotonic() < limit:
            await asyncio.sleep(_PAUSE)


def _await_loss(events: Subscription) -> Term:
    while (delivery := events.next()) is not None:
        delivery.done()
        if isinstance(delivery.event, Lost):
            return delivery.event.term
    raise ClosedError("the election was stopped meanwhile", "closed")
