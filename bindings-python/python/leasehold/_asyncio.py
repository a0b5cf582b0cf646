"""What programs on asyncio need beside an event loop: calls that block, and blocks of work."""

from __future__ import annotations

import asyncio
from functools import partial

from . import _threads
from ._errors import LeadershipLostError
from ._leasehold import Cancellation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ._leasehold import Term

    T = TypeVar("T")


def post(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *arguments: Any) -> bool:
    """Calls in `loop`, from any thread; False if it is closed."""
    try:
        loop.call_soon_threadsafe(call, *arguments)
    except RuntimeError:
        return False
    return True


async def in_thread(call: Callable[[], T]) -> T:
    """Awaits a call that blocks, on a daemon thread of its own: the loop's pool is the
    application's, and the end of a loop or of the process must not wait for ours.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(settle_future: Callable[[Any], None], outcome: object) -> None:
        if not future.done():
            settle_future(outcome)

    def body() -> None:
        try:
            outcome = call()
        except BaseException as error:
            post(loop, settle, future.set_exception, error)
        else:
            post(loop, settle, future.set_result, outcome)

    _threads.start("leasehold-call", body)
    return await future


async def cancellably(wait: Callable[[Cancellation], T | None]) -> T:
    """Awaits a wait that blocks, and ends it when we are cancelled."""
    cancellation = Cancellation()
    try:
        outcome = await in_thread(partial(wait, cancellation))
    finally:
        cancellation.cancel()
    assert outcome is not None, "only we cancel it"
    return outcome


class Block:
    """A block of work in the task that makes it, cancelled when its term is over."""

    _timer: asyncio.TimerHandle | None = None

    def __init__(self, term: Term) -> None:
        task = asyncio.current_task()
        assert task is not None, "we run in one"
        self._task = task
        self.term = term
        self._cancelling = _cancelling(task)
        self._is_interrupted = False
        self._watch()

    def _watch(self) -> None:
        """Cancels the block when the term's time is over, also before anybody hears of it: after
        a pause a timer that is due comes before what the block has waited for.
        """
        if self.term.is_valid:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.term.remaining, self._watch)
        else:
            self.interrupt()

    def interrupt(self) -> None:
        """The term is over."""
        if not self._is_interrupted:
            self._is_interrupted = True
            self._task.cancel()

    def end(self) -> None:
        """The work has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def check(self, kind: type[BaseException] | None, error: BaseException | None) -> None:
        """Raises `LeadershipLostError` if the block was cancelled for that. As `asyncio.timeout`
        does: our cancellation is taken back, another's goes on as one.
        """
        if not self._is_interrupted:
            return
        is_cancelled_by_us = _uncancel(self._task) <= self._cancelling
        if kind is asyncio.CancelledError and is_cancelled_by_us:
            try:
                self.term.check()
            except LeadershipLostError as lost:
                raise lost from error


def _cancelling(task: asyncio.Task[Any]) -> int:
    """How many want the task cancelled; before Python 3.11 nobody counts."""
    return task.cancelling() if hasattr(task, "cancelling") else 0


def _uncancel(task: asyncio.Task[Any]) -> int:
    """Takes one of them back."""
    return task.uncancel() if hasattr(task, "uncancel") else 0
