"""Locks for one piece of work, of programs that run on asyncio."""

from __future__ import annotations

import asyncio
from functools import partial

from ._asyncio import Block, cancellably, in_thread, post
from ._leasehold import Lost
from ._listeners import Listening
from ._locks import FOREVER, HeldLockBase, LocksBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._leasehold import Delivery, Held
    from ._listeners import _Noted
    from .types import Duration


class Locks(LocksBase):
    """As `leasehold.Locks`, with the same settings and rules, for asyncio.

    async with locks.lock("nightly-report", 60) as lock:
        ...  # Cancelled when the lock is lost.
    """

    async def observe(self, *names: str) -> None:
        """Observes locks from now on, so that one whose holder has crashed is free when it is
        wanted. Waits while credentials are loaded, but not for an answer. Raises `ConfigError`
        where credentials or folder cannot be used, and `ClosedError`.
        """
        await in_thread(partial(self._observe, names))

    async def try_lock(
        self, name: str, *, at_most: Duration | None = None, at_least: Duration = 0
    ) -> HeldLock | None:
        """Acquires a lock if it is free; None if somebody holds it, or another task of this
        process. Waits for as long as that takes to find out, which has limits. For the limits of
        the work see `lock`.

        Raises why it could not be found out.
        """
        # Not None when it is not acquired, but when it is cancelled.
        (held,) = await cancellably(
            lambda cancellation: (self._acquire(name, None, at_most, at_least, cancellation),)
        )
        return None if held is None else HeldLock(name, held)

    def lock(
        self,
        name: str,
        timeout: Duration | None = None,
        *,
        at_most: Duration | None = None,
        at_least: Duration = 0,
    ) -> _Acquiring:
        """Acquires a lock, and waits until it is free, for at most `timeout` seconds: for a block,
        `async with locks.lock("nightly-report", 60) as lock`, or `lock = await locks.lock(…)`. When
        it is cancelled, it has given up.

        After `at_most` seconds the lock is lost, and the Lease expires: a limit for work that goes
        on for too long; without one it is renewed until it is released. For `at_least` seconds
        nobody else acquires it, though it is released before; up to a lease duration more, and not
        if the holder crashes.

        Raises `TimedOutError`, which says who holds it; otherwise as `try_lock`.
        """
        return _Acquiring(self, name, FOREVER if timeout is None else timeout, at_most, at_least)

    async def close(self) -> None:
        """No lock is acquired from now on, and those that are held end: blocks under them are
        cancelled, and waited for while renewal goes on, for at most `drain_timeout`. Goes on when
        the caller is cancelled.
        """
        await in_thread(self._locks.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class _Acquiring:
    """A lock to be acquired, when this is awaited or entered."""

    _lock: HeldLock

    def __init__(
        self,
        locks: Locks,
        name: str,
        timeout: Duration,
        at_most: Duration | None,
        at_least: Duration,
    ) -> None:
        self._name = name
        self._acquire = partial(locks._acquire, name, timeout, at_most, at_least)

    def __await__(self) -> Generator[Any, Any, HeldLock]:
        return self._acquired().__await__()

    async def _acquired(self) -> HeldLock:
        return HeldLock(self._name, await cancellably(self._acquire))

    async def __aenter__(self) -> HeldLock:
        self._lock = await self._acquired()
        return await self._lock.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._lock.__aexit__(kind, error, traceback)


class HeldLock(HeldLockBase):
    """A lock that is held, and renewed until it is released, or nothing refers to it any more.

    A block under it, `async with lock`, is cancelled when the lock is lost, and leaves as
    `LeadershipLostError`. At its end the lock is released.
    """

    _block: Block | None = None

    def __init__(self, name: str, held: Held) -> None:
        super().__init__(name, held)
        loop = asyncio.get_running_loop()
        self._loss: asyncio.Future[Lost] = loop.create_future()
        events = held.subscribe()
        assert events is not None, "nobody else has subscribed"
        self._listening = Listening(events, partial(_tell, loop, self._loss))

    async def lost(self) -> Lost:
        """Waits until the lock is lost; for good when it is released."""
        return await asyncio.shield(self._loss)

    async def release(self) -> bool:
        """Gives the lock back, and waits until that is done. Returns whether it is known to be;
        otherwise it was lost before, or its Lease expires by itself. Does nothing the second time.
        Goes on when the caller is cancelled.
        """
        self._listening.end()
        return await in_thread(self._held.release)

    async def __aenter__(self) -> Self:
        self._block = Block(self.term)
        self._loss.add_done_callback(self._interrupt)
        return self

    def _interrupt(self, _: object) -> None:
        if self._block is not None:
            self._block.interrupt()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._block is not None
        block, self._block = self._block, None
        block.end()
        try:
            await self.release()
        finally:
            block.check(kind, error)


def _tell(
    loop: asyncio.AbstractEventLoop, loss: asyncio.Future[Lost], delivery: Delivery | _Noted
) -> None:
    if isinstance(delivery.event, Lost):
        post(loop, _settle, loss, delivery.event)
    # What keeps the Lease from being released is the lock itself.
    delivery.done()


def _settle(loss: asyncio.Future[Lost], event: Lost) -> None:
    if not loss.done():
        loss.set_result(event)
