"""Elections for the tests of applications: real ones, whose Lease is in memory and whose only
rival is the test. Listeners, terms and drains are as in production, and nothing is patched.
"""

from __future__ import annotations

from . import aio
from ._candidate import Candidate
from ._election import LeaderElection
from ._leasehold import Lost, MemoryLease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._leasehold import Subscription, Term

__all__ = ["FakeAsyncLeaderElection", "FakeLeaderElection"]

_LIMIT = 30.0
"""How many seconds a change takes at most; mostly it is a few milliseconds."""


class _Rivalled(Candidate):
    """An election whose Lease another instance holds, until the test takes it away."""

    _rival: MemoryLease

    @classmethod
    def _memory(cls) -> MemoryLease:
        return MemoryLease()

    def _prepare(self, memory: MemoryLease | None) -> None:
        super()._prepare(memory)
        assert memory is not None
        self._rival = memory
        self._hold()

    def _hold(self) -> None:
        self._rival.give_to("another-instance")

    def _take_over(self) -> Subscription:
        events = self._subscribe()
        self._hold()
        return events


class FakeLeaderElection(_Rivalled, LeaderElection):
    """A `LeaderElection` that leads when the test says so. It starts as a standby."""

    def acquire(self) -> Term:
        """Lets this instance lead, and returns when it does."""
        self._rival.release()
        return self.wait_for_leadership(_LIMIT)

    def lose(self) -> None:
        """Lets another instance take over, and returns when this one knows."""
        if self.is_leader:
            _await_loss(self._take_over())


class FakeAsyncLeaderElection(_Rivalled, aio.LeaderElection):
    """As `FakeLeaderElection`, of `leasehold.aio`."""

    async def acquire(self) -> Term:
        """Lets this instance lead, and returns when it does."""
        self._rival.release()
        return await self.wait_for_leadership(_LIMIT)

    async def lose(self) -> None:
        """Lets another instance take over, and returns when this one knows."""
        if self.is_leader:
            events = self._take_over()
            await aio._in_thread(lambda: _await_loss(events))


def _await_loss(events: Subscription) -> None:
    while (delivery := events.next()) is not None:
        delivery.done()
        if isinstance(delivery.event, Lost):
            return
