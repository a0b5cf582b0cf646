"""Locks for one piece of work, of programs that are not asynchronous."""

from __future__ import annotations

import os
from _thread import get_ident
from functools import partial

from . import _functions, _listeners, _process
from ._leasehold import LockSet, Lost
from ._listeners import Listening
from ._settings import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TypeVar

    from typing_extensions import Self, Unpack

    from ._leasehold import Background, Cancellation, Delivery, Held, Term
    from ._listeners import Deliver, _Noted
    from .types import Duration, Event, Settings

    OnLoss = TypeVar("OnLoss", bound=Callable[[Lost], object])

FOREVER = float("inf")
"""The timeout of a wait that has none."""


class LocksBase:
    """What the locks of `leasehold` and of `leasehold.aio` have in common."""

    def __init__(self, **settings: Unpack[Settings]) -> None:
        self._settings = texts(**settings)
        self._locks = LockSet(self._settings)
        self._made_in = os.getpid()
        self._is_used = False

    def _here(self) -> tuple[LockSet, Background]:
        """The locks of this process. Those that were not used yet are a forked child's own to use;
        otherwise their methods raise `ForkedError` there.
        """
        process = _process.current()
        process.ensure_threads()
        with process.lock:
            if not self._is_used and self._made_in != process.pid:
                self._locks = LockSet(self._settings)
                self._made_in = process.pid
            self._is_used = True
        return self._locks, process.background

    def _observe(self, names: tuple[str, ...]) -> None:
        locks, background = self._here()
        for name in names:
            locks.observe(background, name)

    def _acquire(
        self,
        name: str,
        timeout: Duration | None,
        at_most: Duration | None,
        at_least: Duration,
        cancellation: Cancellation | None,
    ) -> Held | None:
        locks, background = self._here()
        return locks.acquire(background, name, timeout, at_most, at_least, cancellation)

    def request_close(self) -> None:
        """Begins to close, as `close` does, and returns at once. For listeners, which must not wait
        for themselves.
        """
        self._locks.request_close()


class HeldLockBase:
    """What a lock is that `leasehold` or `leasehold.aio` holds."""

    def __init__(self, name: str, held: Held) -> None:
        self._name = name
        self._held = held
        self._term = held.term

    @property
    def name(self) -> str:
        """The name of the lock."""
        return self._name

    @property
    def term(self) -> Term:
        """The term for which it is held: its fencing token, and whether it is still held."""
        return self._term

    @property
    def fencing_token(self) -> int:
        """A number that only grows from holder to holder; see `Term.fencing_token`."""
        return self._term.fencing_token

    @property
    def is_held(self) -> bool:
        """Whether it is still held, at this very call. False once it is lost or released, for good,
        and in a forked child.
        """
        return self._term.is_valid

    def set_limits(self, *, at_most: Duration | None = None, at_least: Duration = 0) -> None:
        """Sets other limits for the work, from now on; see `Locks.lock`. Raises
        `LeadershipLostError` if it is no longer held, and `ConfigError` if `at_least` is longer
        than `at_most`.
        """
        self._held.set_limits(at_most, at_least)

    def __repr__(self) -> str:
        held = f"name={self._name!r} fencing_token={self.fencing_token} is_held={self.is_held}"
        return f"<{type(self).__qualname__} {held}>"


class Locks(LocksBase):
    """Locks for one piece of work each, by a Lease for each: for what is done once in a while by
    the instance that comes first, and not by a leader. A lock is renewed while the work goes on,
    and released after it; nobody campaigns for it in between.

        locks = leasehold.Locks()
        lock = locks.try_lock("nightly-report")
        if lock:
            with lock:
                ...  # This instance, and no other, under lock.fencing_token.

    What an election promises of a leader holds of who has a lock: the answer is false as soon as it
    cannot be vouched for, and the old holder has stopped before another begins. A name is observed
    from when it is first used, or `observe` is called: a lock whose holder has crashed meanwhile is
    then free at once, and otherwise one lease duration after it was first seen.

    The Lease of a lock is called as the lock, if that can be. Settings are those of
    `LeaderElection`, less the Lease's name. Every method may be called from any thread. Locks are
    not reentrant: two threads exclude each other, and so does one thread itself. At the
    interpreter's end all are closed.
    """

    def observe(self, *names: str) -> None:
        """Observes locks from now on, so that one whose holder has crashed is free when it is
        wanted. Waits while credentials are loaded, but not for an answer. Raises `ConfigError`
        where credentials or folder cannot be used, and `ClosedError`.
        """
        self._observe(names)

    def try_lock(
        self, name: str, *, at_most: Duration | None = None, at_least: Duration = 0
    ) -> HeldLock | None:
        """Acquires a lock if it is free; None if somebody holds it, or another thread of this
        process. Waits for as long as that takes to find out, which has limits: those of requests,
        and while this process is about to release it, those of a release. For the limits of the
        work see `lock`.

        Raises why it could not be found out.
        """
        held = self._acquire(name, None, at_most, at_least, None)
        return None if held is None else HeldLock(name, held)

    def lock(
        self,
        name: str,
        timeout: Duration | None = None,
        *,
        at_most: Duration | None = None,
        at_least: Duration = 0,
    ) -> HeldLock:
        """Acquires a lock, and waits until it is free, for at most `timeout` seconds. Ctrl-C ends
        the wait: `with locks.lock("nightly-report", 60) as lock`.

        After `at_most` seconds the lock is lost, and the Lease expires: a limit for work that goes
        on for too long; without one it is renewed until it is released. For `at_least` seconds
        nobody else acquires it, though it is released before; up to a lease duration more, and not
        if the holder crashes.

        Raises `TimedOutError`, which says who holds it; otherwise as `try_lock`.
        """
        held = self._acquire(name, FOREVER if timeout is None else timeout, at_most, at_least, None)
        assert held is not None, "nobody cancels it"
        return HeldLock(name, held)

    def close(self) -> None:
        """No lock is acquired from now on, and those that are held end: their holders learn of it,
        and are waited for while renewal goes on, for at most `drain_timeout`.
        """
        self._locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class HeldLock(HeldLockBase):
    """A lock that is held, and renewed until it is released, or nothing refers to it any more. Use
    it from any thread. At the end of a `with` block it is released; nothing interrupts the block
    when the lock is lost, so that long work calls `term.check()` on its way.
    """

    def __init__(self, name: str, held: Held) -> None:
        super().__init__(name, held)
        self._told = _Told()

    def on_loss(self, callback: OnLoss) -> OnLoss:
        """Calls `callback(lost)` if the lock is lost, on a thread of its own; not when it is
        released. Calls it at once if it is lost already. Until it returns, the work counts as
        unfinished. There is one callback: another is a RuntimeError. May be a decorator.
        """
        deliver = _listeners.calling(_lost_only(_functions.plain(callback)))
        events = self._held.subscribe()
        if events is None:
            raise RuntimeError(f"the lock `{self._name}` is released, or has its callback already")
        # Not this object itself: it is released when nothing else refers to it any more.
        self._told.listening = Listening(events, partial(self._told.tell, deliver))
        return callback

    def release(self) -> bool:
        """Gives the lock back, and waits until that is done: first for the callback of its loss,
        unless that calls this. Returns whether it is known to be; otherwise it was lost before, or
        its Lease expires by itself. Does nothing the second time.
        """
        self._told.end()
        return self._held.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class _Told:
    """The callback of a loss, and whether it is being called."""

    listening: Listening | None = None
    _under_way: tuple[int, Delivery | _Noted] | None = None
    _is_over = False

    def tell(self, deliver: Deliver, delivery: Delivery | _Noted) -> None:
        """On the listener's thread."""
        if self._is_over:
            # Nobody wants to know of what is being released.
            delivery.done()
        else:
            self._under_way = get_ident(), delivery
            deliver(delivery)

    def end(self) -> None:
        """Tells nothing from now on. The work of the callback that calls this has ended with it: it
        would wait for itself.
        """
        self._is_over = True
        if self.listening is not None:
            self.listening.end()
        if self._under_way is not None and self._under_way[0] == get_ident():
            self._under_way[1].done()


def _lost_only(callback: Callable[[Lost], object]) -> Callable[[Event], object]:
    return lambda event: callback(event) if isinstance(event, Lost) else None
