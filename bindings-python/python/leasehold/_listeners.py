"""Listeners: each on a daemon thread of its own, so that none holds up another, or a renewal."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from functools import partial

from . import _functions, _process, _threads
from ._leasehold import Acquired, Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._leasehold import Delivery, Election, Subscription, Term
    from .types import Event, LostReason

    Deliver = Callable[["Delivery | _Noted"], None]
    AtEnd = Callable[[], object]
    """Ends what a listener has started, and waits for that."""


class Registration:
    """A listener that was added to an election; it is no longer called once `remove` is called."""

    def __init__(self, deliver: Deliver, at_end: AtEnd | None = None) -> None:
        self._deliver = deliver
        self._at_end = at_end
        self._listening: Listening | None = None
        self._removed = False
        self._on_done: Callable[[Event], object] | None = None

    def remove(self) -> None:
        """Removes the listener: no later event calls it. A call under way goes on."""
        self._removed = True
        if self._listening is not None:
            self._listening.end()

    def _attach(self, election: Election) -> None:
        """Begins to listen. For `LeaderElection`, which does so when it starts."""
        if not self._removed and self._listening is None:
            self._listening = Listening(election._subscribe(), self._tell, self._at_end)

    def _wants(self, event: Event) -> bool:
        # A service that was removed stops before a loss that waits counts as done.
        return not self._removed or (self._at_end is not None and isinstance(event, Lost))

    def _tell(self, delivery: Delivery | _Noted) -> None:
        if not self._wants(delivery.event):
            delivery.done()
        elif self._on_done is not None:
            self._deliver(_Noted(delivery, self._on_done))
        else:
            self._deliver(delivery)


class _Noted:
    """A delivery of which somebody wants to know when it is done."""

    def __init__(self, delivery: Delivery | _Noted, on_done: Callable[[Event], object]) -> None:
        self.event: Event = delivery.event
        self._delivery = delivery
        self._on_done = on_done

    def done(self) -> None:
        self._on_done(self.event)
        self._delivery.done()


_call: ContextVar[Call | None] = ContextVar("leasehold-listener", default=None)


class Call:
    """A block in which a listener is called. Tasks that it starts inherit it, until it ends."""

    goes_on = True

    def __enter__(self) -> None:
        self._outer = _call.get()
        _call.set(self)

    def __exit__(self, *_: object) -> None:
        self.goes_on = False
        # Not in the context of what collects a coroutine.
        if _call.get() is self:
            _call.set(self._outer)


def is_within() -> bool:
    """Whether a listener has called us that goes on."""
    call = _call.get()
    return call is not None and call.goes_on


class Listening:
    """The thread of a listener. Refers to the events, not to the election, which may go before."""

    def __init__(self, events: Subscription, tell: Deliver, at_end: AtEnd | None = None) -> None:
        self._events = events
        self._tell = tell
        self._at_end = at_end
        self._process = _process.current()
        self._process.listening.add(self)
        try:
            self.join = _threads.start("leasehold-listener", self._run)
            """Waits for the end, for so many seconds."""
        except BaseException:
            # Nobody will ever take an event.
            self._process.listening.discard(self)
            events.done()
            raise

    def end(self) -> None:
        """Ends when listeners have heard of what has happened by now."""
        self._events.close()

    def _run(self) -> None:
        holds = self._at_end is not None
        try:
            while (delivery := self._events.next(holds)) is not None:
                self._tell(delivery)
        except BaseException:
            log_defect()
        finally:
            self._end()

    def _end(self) -> None:
        try:
            if self._at_end is not None:
                self._at_end()
        except BaseException:
            log_defect()
        finally:
            self._events.done()
            self._process.listening.discard(self)


def calling(listener: Callable[[Event], object]) -> Deliver:
    """Delivers by a call: the work has stopped when it returns, or raises."""

    def deliver(delivery: Delivery | _Noted) -> None:
        outcome = None
        try:
            with Call():
                outcome = listener(delivery.event)
        except BaseException:
            log_defect()
        finally:
            _functions.when_ended(outcome, delivery.done)

    return deliver


def log_defect() -> None:
    """Logs that a listener raised, which still receives later events."""
    import logging

    say = partial(logging.getLogger("leasehold").error, exc_info=sys.exc_info())
    _process.current().log.say(partial(say, "a leadership listener raised an exception"))


def acquired_only(callback: Callable[[Term], object]) -> Callable[[Event], object]:
    """A listener that passes on the beginnings of terms."""
    return lambda event: callback(event.term) if isinstance(event, Acquired) else None


def lost_only(callback: Callable[[Term, LostReason], object]) -> Callable[[Event], object]:
    """A listener that passes on the ends of terms."""
    return lambda event: callback(event.term, event.reason) if isinstance(event, Lost) else None


class Singleton:
    """A service that runs on the leader only, as its listener. Its start has a thread of its own,
    so that it is stopped though its start lasts.
    """

    def __init__(
        self, name: str, start: Callable[[Term], object], stop: Callable[[], object]
    ) -> None:
        self._name = name
        self._start = start
        self._stop = stop
        self._run: _Run | None = None

    def tell(self, event: Event) -> None:
        """Starts or stops the service."""
        if isinstance(event, Acquired):
            term = event.term
            self._run = _Run(lambda: self._start(term), self._stop)
        elif isinstance(event, Lost):
            self.stop(event)

    def stop(self, lost: Lost | None = None) -> None:
        """Stops the service if it runs, and waits until nothing of it goes on."""
        run = self._run
        if run is None:
            return
        watch = InTime(self._name, lost)
        stopping = run.stop()
        self._run = None
        while not all(join(LOOK_PERIOD) for join in stopping):
            watch.look()


class _Run:
    """A start of a service and its stop: on the same thread, unless the start lasts."""

    def __init__(self, start: Callable[[], object], stop: Callable[[], object]) -> None:
        self._start = start
        self._stop = stop
        self._was_stopped = False
        self._has_returned = _threads.lock()
        self._has_returned.acquire()
        self._is_over = _threads.lock()
        self._is_over.acquire()
        self._join = _threads.start("leasehold-service", self._body)
        # One that returns soon never meets its stop.
        if self._has_returned.acquire(timeout=USUAL_START):
            self._has_returned.release()

    def _body(self) -> None:
        has_started = _succeeds(self._start)
        self._has_returned.release()
        self._is_over.acquire()
        # Once more for what it has started since its stop.
        if has_started or not self._was_stopped:
            _succeeds(self._stop)

    def stop(self) -> list[Callable[[float], bool]]:
        """Begins to stop; returns what waits for the end."""
        self._was_stopped = not self._has_returned.acquire(blocking=False)
        if not self._was_stopped:
            self._is_over.release()
            return [self._join]

        def stop_first() -> None:
            _succeeds(self._stop)
            self._is_over.release()

        try:
            return [_threads.start("leasehold-service", stop_first), self._join]
        except Exception:
            # There is no thread to be had.
            stop_first()
            return [self._join]


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        with Call():
            _functions.wait(call())
    except BaseException:
        log_defect()
        return False
    return True


LOOK_PERIOD = 0.5
"""How often a service that stops is looked at, in seconds."""

USUAL_START = 1.0
"""How many seconds a start may take that never meets its stop."""


class InTime:
    """Warns once if a service goes on when nothing keeps another instance from leading."""

    def __init__(self, name: str, lost: Lost | None) -> None:
        self._name = name
        self._lost = lost

    def look(self) -> None:
        """Looks now."""
        if self._lost is None or self._lost.time_left > 0:
            return
        self._lost = None
        import logging

        warning = "the singleton service of `%s` has not stopped in time: another may lead by now"
        warn = partial(logging.getLogger("leasehold").warning, warning, self._name)
        _process.current().log.say(warn)
