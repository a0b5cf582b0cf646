"""The election of programs that are not asynchronous."""

from __future__ import annotations

from . import _functions, _listeners
from ._candidate import Candidate
from ._listeners import Registration, Singleton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType
    from typing import ParamSpec, TypeVar

    from typing_extensions import Self

    from ._leasehold import Term, Work
    from .types import Duration, Event, LostReason

    P = ParamSpec("P")
    T = TypeVar("T")
    OnAcquired = TypeVar("OnAcquired", bound=Callable[[Term], object])
    OnLost = TypeVar("OnLost", bound=Callable[[Term, LostReason], object])


class LeaderElection(Candidate):
    __doc__ = Candidate.__doc__

    def start(self) -> Self:
        """Takes part from now on, under a new random identity, and returns the election. Does
        nothing if it runs already; may be called again after `stop`.

        Waits while credentials are loaded, but not for the first answer of the API server: a
        cluster that is down is waited for in the background. Raises `ConfigError` if credentials
        or folder cannot be used.
        """
        return self._begin()

    def stop(self, drain: Duration | None = None) -> None:
        """Stops: `is_leader` turns False at once, listeners are called and waited for while renewal
        goes on, then the Lease is released. Returns when all that is done, at most `drain`
        seconds (else `drain_timeout`) and `renew_deadline` later; in mode `file` `renew_deadline`
        more if the disk hangs. Does nothing if it does not run.

        Not for guarded work or a listener, which would wait for itself until `drain` is over: see
        `request_stop`.
        """
        self._stop(drain)

    def wait_for_leadership(self, timeout: Duration | None = None) -> Term:
        """Waits until this instance leads, for at most `timeout` seconds.

        Raises `TimedOutError`, which says why it does not lead, and `ClosedError` if the
        election does not run, or stops.
        """
        term = self._wait_for_leadership(timeout, None)
        assert term is not None, "nobody cancels it"
        return term

    # ---- listeners -----------------------------------------------------------------------------

    def add_listener(self, listener: Callable[[Event], object]) -> Registration:
        """Calls `listener` with each event, on a thread of its own: it may block. Calls it at once
        if this instance leads already; may be added before `start`.

        After `Lost` the Lease is not released before the listener has returned, or `drain_timeout`
        has passed. What it raises is logged. An asynchronous one is a TypeError.
        """
        listener = _functions.plain(listener)
        return self._register(Registration(_listeners.calling(listener)))

    def on_acquired(self, callback: OnAcquired) -> OnAcquired:
        """Calls `callback(term)` when this instance leads, as a listener. May be a decorator."""
        self.add_listener(_listeners.acquired_only(_functions.plain(callback)))
        return callback

    def on_lost(self, callback: OnLost) -> OnLost:
        """Calls `callback(term, reason)` when this instance no longer leads, as a listener: the
        Lease is not released before it has returned. May be a decorator.
        """
        self.add_listener(_listeners.lost_only(_functions.plain(callback)))
        return callback

    def add_singleton_service(
        self, start: Callable[[Term], object], stop: Callable[[], object]
    ) -> Registration:
        """Runs a service while this instance leads: calls `start(term)`, which may return when the
        work has started or when it has ended, and `stop()`, which is to return when the work has
        stopped. Both on a thread of its own, one after the other; but if `start` lasts for more
        than a second, `stop` is called meanwhile, and once more if `start` succeeds after all. Both
        are waited for before the Lease is released. Also stopped when the registration is removed,
        or the election goes.
        """
        name = _functions.name(start)
        service = Singleton(name, _functions.plain(start), _functions.plain(stop))
        return self._register(Registration(_listeners.calling(service.tell), service.stop))

    # ---- work ----------------------------------------------------------------------------------

    def run_if_leader(self, work: Callable[[Term], T]) -> T | None:
        """Runs `work(term)` here and now if this instance leads, and returns what it returns; else
        None. The Lease is not released before it returns, or `drain_timeout` has passed; a long job
        should call `term.check()` from time to time. If it returns a `concurrent.futures.Future`,
        that is returned at once, and the Lease held until it is done. Asynchronous work, and work
        that returns a thread or a process that goes on, is a TypeError.
        """
        return self._run(_functions.plain(work))

    def _run(self, work: Callable[[Term], T]) -> T | None:
        begun = self._begin_work()
        if begun is None:
            self._check_started("call start(), or use `with`")
            return None
        try:
            outcome = work(begun.term)
        except BaseException:
            begun.end()
            raise
        _functions.when_ended(outcome, begun.end)
        return outcome

    def claim(self, job: str, due: datetime) -> bool:
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
        begun = self._claim(job, due, None, None)
        assert begun is not None, "nobody cancels it"
        return begun

    def claim_missed(self, job: str, due: datetime, within: Duration) -> bool:
        """As `claim`, for a firing that may have been missed because the leader had died, or nobody
        led. Call it when this instance begins to lead, with the schedule's latest firing before
        now. Also returns False if that was more than `within` seconds ago, or if no firing of the
        job is known: a job that never ran has missed nothing.
        """
        begun = self._claim(job, due, within, None)
        assert begun is not None, "nobody cancels it"
        return begun

    def run_once(self, key: str, work: Callable[[Term], object]) -> bool:
        """Does `work(term)` once, no matter which replica leads: a migration of a database, an
        initialisation. Call it in each replica: it does the work here if this instance begins to
        lead and nobody has done it before; otherwise it waits until another has. Returns whether it
        was done here.

        The `key` names the work and its version. When the work has ended without an error, an
        annotation of the Lease records the key; it keeps the last 32, so that a rollback does not
        run an old one again. Deleting the Lease forgets them. Two candidates never work at once,
        but work that was interrupted, or whose end could not be recorded, begins again: at least
        once. The term says when to stop, and has the fencing token: long work should call
        `term.check()` from time to time. If it returns a `concurrent.futures.Future`, this waits
        for it; if Ctrl-C ends that wait, the Lease is not released before the future is done, or
        `drain_timeout` has passed.

        If the work fails, this instance steps down, and its error is raised. Another candidate
        begins it again after a retry period, then two, and so on; after five attempts all give up,
        and raise `WorkFailedError`. Work that ends with something other than an `Exception`, such
        as `KeyboardInterrupt`, is left to others.

        Starts the election if it does not run, and then stops it at the end. In mode `always` each
        call does the work, since nothing is remembered; in mode `never` none does. Raises
        `ConfigError` for a key that cannot be one, and `ClosedError` if the election is stopped, or
        stops and a listener calls this, which would wait for itself.
        """
        work = _functions.plain(work)
        once = self._once(key, _listeners.is_within(), None)
        assert once is not None, "nobody cancels it"
        failure: Exception | None = None
        outcome: object = None
        try:
            while True:
                news = once.next(None)
                assert news is not None, "nobody closes it"
                if isinstance(news, bool):
                    return news
                if isinstance(news, str):
                    assert failure is not None, "it was said to have failed"
                    raise failure
                if not news.is_valid:
                    # There was a pause, and another may be at it.
                    once.give_up()
                    continue
                failure, outcome = None, None
                try:
                    outcome = work(news)
                    _functions.wait(outcome)
                except Exception as error:
                    failure = error
                once.ended(None if failure is None else _functions.failure(failure))
        finally:
            # A wait that a signal has ended leaves work that goes on.
            _functions.when_ended(outcome, once.close)
            # It refers to this frame.
            del failure

    def leader_only(self, function: Callable[P, T]) -> Callable[P, T | None]:
        """A decorator: the function runs on the leader only, as `run_if_leader` does; elsewhere the
        call returns None at once. Within, `term` is the term, and None once that is lost.
        """
        from functools import wraps

        guarded = _functions.plain(function)

        @wraps(function)
        def leader_only(*args: P.args, **kwargs: P.kwargs) -> T | None:
            return self._run(lambda _: guarded(*args, **kwargs))

        return leader_only

    def leading(self, timeout: Duration | None = None) -> AbstractContextManager[Term]:
        """A block of work under a term: `with election.leading() as term`. Waits for leadership, as
        `wait_for_leadership` does and raising the same. The Lease is not released before the block
        ends, or `drain_timeout` has passed; nothing interrupts it, so that a long one calls
        `term.check()` on its way.
        """

        def begin() -> Work:
            work = self._wait_for_work(timeout, None)
            assert work is not None, "nobody cancels it"
            return work

        return _Leading(begin)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Leading:
    """A block of work."""

    def __init__(self, begin: Callable[[], Work]) -> None:
        self._begin = begin

    def __enter__(self) -> Term:
        self._work = self._begin()
        return self._work.term

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._work.end()
