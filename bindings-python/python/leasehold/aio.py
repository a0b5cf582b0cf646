"""Leader election for programs that run on asyncio.

    async with leasehold.aio.LeaderElection("monolith-jobs") as election:
        async with election.leading() as term:
            ...  # Cancelled when this instance no longer leads.

The election itself runs on a thread of Leasehold's own: a blocked event loop neither stalls a
renewal nor makes `is_leader` lie.
"""

from __future__ import annotations

import asyncio
from functools import partial, wraps
from inspect import isawaitable

from . import _functions, _listeners, _threads
from ._aio_locks import HeldLock, Locks
from ._asyncio import Block, cancellably, in_thread, post
from ._candidate import Candidate
from ._leasehold import Lost
from ._listeners import Listening, Registration, Singleton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from types import TracebackType
    from typing import Any, ParamSpec, TypeVar

    from typing_extensions import Self

    from ._leasehold import Delivery, MemoryLease, Term, Work
    from ._listeners import _Noted
    from .types import Duration, Event, LostReason

    P = ParamSpec("P")
    T = TypeVar("T")
    OnAcquired = TypeVar("OnAcquired", bound=Callable[[Term], object])
    OnLost = TypeVar("OnLost", bound=Callable[[Term, LostReason], object])

__all__ = ["HeldLock", "LeaderElection", "Locks"]


class LeaderElection(Candidate):
    """As `leasehold.LeaderElection`, with the same settings and rules, for asyncio.

    Its listeners run in the event loop in which it was started last.
    """

    _home: _Home

    def _prepare(self, memory: MemoryLease | None) -> None:
        super()._prepare(memory)
        self._home = _Home()

    async def start(self) -> Self:
        """Takes part from now on, under a new random identity, and returns the election. Does
        nothing if it runs already; may be called again after `stop`.

        Waits while credentials are loaded, but not for the first answer of the API server: a
        cluster that is down is waited for in the background. Raises `ConfigError` if credentials
        or folder cannot be used.
        """
        self._home.loop = asyncio.get_running_loop()
        return await in_thread(self._begin)

    async def stop(self, drain: Duration | None = None) -> None:
        """Stops: `is_leader` turns False at once, blocks under `leading()` are cancelled, listeners
        are called, and all are waited for while renewal goes on; then the Lease is released.
        Returns when that is done, at most `drain` seconds (else `drain_timeout`) and
        `renew_deadline` later; in mode `file` `renew_deadline` more if
        the disk hangs. Does nothing if it does not run. Goes on when the caller is
        cancelled.

        Not for guarded work or a listener, which would wait for itself until `drain` is over: see
        `request_stop`.
        """
        await in_thread(partial(self._stop, drain))

    async def wait_for_leadership(self, timeout: Duration | None = None) -> Term:
        """Waits until this instance leads, for at most `timeout` seconds.

        Raises `TimedOutError`, which says why it does not lead, and `ClosedError` if the
        election does not run, or stops.
        """
        return await cancellably(partial(self._wait_for_leadership, timeout))

    # ---- listeners -----------------------------------------------------------------------------

    def add_listener(self, listener: Callable[[Event], object]) -> Registration:
        """Calls `listener`, a function or coroutine function, with each event, in the event loop
        and one after another. Calls it at once if this instance leads already; may be added before
        `start`.

        After `Lost` the Lease is not released before the listener has returned, or `drain_timeout`
        has passed. What it raises is logged. Nothing is called in a loop that was closed.
        """
        listener = _functions.callable_(listener)

        def listen(event: Event) -> object:
            # It may have been removed on the way to the loop.
            return listener(event) if registration._wants(event) else None

        deliver = _listeners.calling(partial(self._home.call, listen))
        registration = Registration(deliver)
        return self._register(registration)

    def on_acquired(self, callback: OnAcquired) -> OnAcquired:
        """Calls `callback(term)`, a function or coroutine function, when this instance leads, as a
        listener. May be a decorator.
        """
        self.add_listener(_listeners.acquired_only(_functions.callable_(callback)))
        return callback

    def on_lost(self, callback: OnLost) -> OnLost:
        """Calls `callback(term, reason)`, a function or coroutine function, when this instance no
        longer leads, as a listener: the Lease is not released before it has returned. May be a
        decorator.
        """
        self.add_listener(_listeners.lost_only(_functions.callable_(callback)))
        return callback

    def add_singleton_service(
        self, start: Callable[[Term], object], stop: Callable[[], object]
    ) -> Registration:
        """Runs a service while this instance leads: calls `start(term)`, which may end when the
        work has started or when it has ended, and `stop()`, which is to end when the work has
        stopped; functions or coroutine functions, in the event loop. `stop` is called though
        `start` has lasted for a second, then once more if that succeeds after all; both are waited
        for before the Lease is released. Also stopped when the registration is removed, or the
        election goes.
        """
        start, stop = _functions.callable_(start), _functions.callable_(stop)
        runs = False

        def begin(term: Term) -> object:
            nonlocal runs
            # It may have been removed on the way to the loop.
            runs = not registration._removed
            return start(term) if runs else None

        def end() -> object:
            return stop() if runs else None

        in_loop = self._home.call
        service = Singleton(_functions.name(start), partial(in_loop, begin), partial(in_loop, end))
        registration = Registration(_listeners.calling(service.tell), service.stop)
        return self._register(registration)

    # ---- work ----------------------------------------------------------------------------------

    def leading(self, timeout: Duration | None = None) -> AbstractAsyncContextManager[Term]:
        """A block of work under a term: `async with election.leading() as term`. Waits for
        leadership, as `wait_for_leadership` does and raising the same.

        The block is cancelled when this instance no longer leads, and leaves as
        `LeadershipLostError`. The Lease is not released before it has ended, or `drain_timeout` has
        passed.
        """
        return _Leading(self, timeout)

    async def run_if_leader(self, work: Callable[[Term], Awaitable[T]]) -> T | None:
        """Awaits `work(term)` if this instance leads now, as a block under `leading()`; else
        returns None. Work that returns nothing to await is a TypeError.
        """
        return await self._run(_functions.awaitable(work))

    async def _run(self, work: Callable[[Term], Awaitable[T]]) -> T | None:
        leading = _Leading(self)
        if not self.is_leader or not leading.begin_now():
            self._check_started("await start(), or use `async with`")
            return None
        async with leading as term:
            return await work(term)

    async def claim(self, job: str, due: datetime) -> bool:
        """Claims a firing of a scheduled job, if this instance leads: returns True if nobody has
        begun this firing or a later one of the `job`; from then on nobody else begins it, no matter
        who leads. So a firing never runs twice, even if leadership changes just then, or another
        clock is late. Returns False if it has begun already. Call it within `run_if_leader`, so
        that the Lease is not released before the work has ended.

        `due` is the time at which the schedule has this firing, with its time zone, to the
        millisecond: the same in each replica, and not the time of the call. An annotation of the
        Lease records it before this returns, so a firing whose work was interrupted, or whose
        record was not confirmed, does not run again: at most once. The Lease remembers the last
        firings of 128 jobs; deleting it forgets them. In mode `always` this always returns True.

        Raises `LeadershipLostError` if this instance does not lead, or no longer when it is
        recorded; `ClosedError` if the election does not run; why it could not be recorded; and
        `ConfigError` for a `job` that cannot be one, or a `due` that is ahead. Do not run the
        firing then.
        """
        return await cancellably(partial(self._claim, job, due, None))

    async def claim_missed(self, job: str, due: datetime, within: Duration) -> bool:
        """As `claim`, for a firing that may have been missed because the leader had died, or nobody
        led. Call it when this instance begins to lead, with the schedule's latest firing before
        now. Also returns False if that was more than `within` seconds ago, or if no firing of the
        job is known: a job that never ran has missed nothing.
        """
        return await cancellably(partial(self._claim, job, due, within))

    async def run_once(self, key: str, work: Callable[[Term], Awaitable[object]]) -> bool:
        """Awaits `work(term)` once, no matter which replica leads: a migration of a database, an
        initialisation. Call it in each replica: it does the work here if this instance begins to
        lead and nobody has done it before; otherwise it waits until another has. Returns whether it
        was done here.

        The `key` names the work and its version. When the work has ended without an error, an
        annotation of the Lease records the key; it keeps the last 32, so that a rollback does not
        run an old one again. Deleting the Lease forgets them. Two candidates never work at once,
        but work that was interrupted, or whose end could not be recorded, begins again: at least
        once. The term has the fencing token; the work is cancelled when it is over.

        If the work fails, this instance steps down, and its error is raised. Another candidate
        begins it again after a retry period, then two, and so on; after five attempts all give up,
        and raise `WorkFailedError`. Work that ends with something other than an `Exception`, such
        as the cancellation of the caller, is left to others.

        Starts the election if it does not run, and then stops it at the end. In mode `always` each
        call does the work, since nothing is remembered; in mode `never` none does. Raises
        `ConfigError` for a key that cannot be one, and `ClosedError` if the election is stopped, or
        stops and a listener calls this, which would wait for itself.
        """
        work = _functions.awaitable(work)
        if self.status().role == "stopped":
            self._home.loop = asyncio.get_running_loop()
        once = await cancellably(partial(self._once, key, _listeners.is_within()))
        failure: Exception | None = None
        news: Term | bool | str
        try:
            while True:
                news = await cancellably(once.next)
                if isinstance(news, bool):
                    return news
                if isinstance(news, str):
                    assert failure is not None, "it was said to have failed"
                    raise failure
                if not news.is_valid:
                    # There was a pause, and another may be at it.
                    once.give_up()
                    continue
                failure = None
                try:
                    await self._work_under(news, work)
                except Exception as error:
                    failure = error
                once.ended(None if failure is None else _functions.failure(failure))
        finally:
            once.close()
            # It refers to this frame.
            del failure

    async def _work_under(self, term: Term, work: Callable[[Term], Awaitable[object]]) -> None:
        leading = _Leading(self)
        if not leading.begin_now():
            term.check()
        async with leading as present:
            if present != term:
                term.check()
            await work(term)

    def leader_only(
        self, function: Callable[P, Awaitable[T]]
    ) -> Callable[P, Coroutine[Any, Any, T | None]]:
        """A decorator: the coroutine function runs on the leader only, as `run_if_leader` does;
        elsewhere it returns None at once. Within, `term` is the term, and None once that is lost.
        """
        guarded = _functions.coroutine_function(function)

        @wraps(function)
        async def leader_only(*args: P.args, **kwargs: P.kwargs) -> T | None:
            return await self._run(lambda _: guarded(*args, **kwargs))

        return leader_only

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


class _Leading:
    """A block of work, cancelled when its term is lost."""

    _listening: Listening
    _block: Block | None = None

    def __init__(self, election: LeaderElection, timeout: Duration | None = None) -> None:
        self._election = election
        self._timeout = timeout
        self._work: Work | None = None
        self._lost: list[Term] = []

    def begin_now(self) -> bool:
        """Begins if this instance leads, so that the block is entered without waiting."""
        self._listen()
        self._work = self._election._begin_work()
        if self._work is None:
            self._listening.end()
        return self._work is not None

    async def __aenter__(self) -> Term:
        if self._work is None:
            self._listen()
            try:
                self._work = await self._begin()
            except BaseException:
                self._listening.end()
                raise
        self._block = Block(self._work.term)
        return self._work.term

    def _listen(self) -> None:
        """Before the work begins, so that the end of its term is not missed."""
        tell = partial(self._tell, asyncio.get_running_loop())
        self._listening = Listening(self._election._subscribe(), tell)

    async def _begin(self) -> Work:
        while True:
            work = await cancellably(partial(self._election._wait_for_work, self._timeout))
            if work.term not in self._lost and work.term.is_valid:
                return work
            # Lost again before we heard that it was ours, or during a pause.
            work.end()

    def _tell(self, loop: asyncio.AbstractEventLoop, delivery: Delivery | _Noted) -> None:
        if isinstance(delivery.event, Lost):
            post(loop, self._lose, delivery.event.term)
        # What keeps the Lease from being released is the block's own work.
        delivery.done()

    def _lose(self, term: Term) -> None:
        self._lost.append(term)
        if self._block is not None and self._block.term == term:
            self._block.interrupt()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._work is not None
        assert self._block is not None
        (work, self._work), (block, self._block) = (self._work, None), (self._block, None)
        block.end()
        self._listening.end()
        work.end()
        block.check(kind, error)


class _Home:
    """The event loop of an election, once it has been started in one."""

    loop: asyncio.AbstractEventLoop | None = None

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Calls in the loop, awaits what that returns, and raises what it raises; for a thread of
        ours. Also returns when nobody is left who could go on with it: the call was cancelled, or
        the loop has ended.
        """
        loop = self.loop
        errors: list[Exception] = []
        # A loop refers to its tasks weakly.
        tasks: list[asyncio.Task[None]] = []
        ended = _threads.lock()
        ended.acquire()

        async def call() -> None:
            try:
                with _listeners.Call():
                    outcome = function(*arguments)
                    if isawaitable(outcome):
                        await outcome
            except Exception as error:
                errors.append(error)

        def begin() -> None:
            task = asyncio.get_running_loop().create_task(coroutine)
            tasks.append(task)
            task.add_done_callback(lambda _: ended.release())

        if loop is None:
            return
        coroutine = call()
        if post(loop, begin):
            while not ended.acquire(timeout=_listeners.LOOK_PERIOD) and not self._is_over(loop):
                pass
        if loop.is_closed():
            # Else Python warns of one that has not begun.
            coroutine.close()
        if errors:
            raise errors.pop()

    def _is_over(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether nothing goes on in a loop: it is closed, or stands still since the election was
        started in another.
        """
        return loop.is_closed() or (loop is not self.loop and not loop.is_running())
