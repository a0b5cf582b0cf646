"""Listeners: each on a daemon thread of its own, so that none holds up another, or a renewal."""

from __future__ import annotations

from . import _process, _threads
from ._leasehold import Acquired, Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._leasehold import Delivery, Election, Subscription, Term
    from .types import Event, LostReason

    Deliver = Callable[[Delivery], None]


class Registration:
    """A listener that was added to an election; it is told no more once `remove` is called."""

    def __init__(self, deliver: Deliver, at_end: Callable[[], object] | None = None) -> None:
        self._deliver = deliver
        self._at_end = at_end
        self._listening: Listening | None = None
        self._removed = False

    def remove(self) -> None:
        """Removes the listener: what happens from now on is not told. A call under way goes on."""
        self._removed = True
        if self._listening is not None:
            self._listening.end()

    def _attach(self, election: Election) -> None:
        """Begins to listen. For `LeaderElection`, which does so when it starts."""
        if not self._removed and self._listening is None:
            self._listening = Listening(election._subscribe(), self._tell, self._at_end)

    def _tell(self, delivery: Delivery) -> None:
        if self._removed:
            delivery.done()
        else:
            self._deliver(delivery)


class Listening:
    """The thread of a listener. Refers to the events, not to the election, which may go before."""

    def __init__(
        self, events: Subscription, tell: Deliver, at_end: Callable[[], object] | None = None
    ) -> None:
        self._events = events
        self._tell = tell
        self._at_end = at_end
        self._process = _process.current()
        self._process.listening.add(self)
        self.join = _threads.start("leasehold-listener", self._run)
        """Waits for the end, for so many seconds."""

    def end(self) -> None:
        """Ends when what has happened by now is told."""
        self._events.close()

    def _run(self) -> None:
        try:
            while (delivery := self._events.next()) is not None:
                self._tell(delivery)
            if self._at_end is not None:
                self._at_end()
        except BaseException:
            log_defect()
        finally:
            self._process.listening.discard(self)


def calling(listener: Callable[[Event], object]) -> Deliver:
    """Delivers by a call: the work has stopped when it returns, or raises."""

    def deliver(delivery: Delivery) -> None:
        try:
            listener(delivery.event)
        except BaseException:
            log_defect()
        finally:
            delivery.done()

    return deliver


def log_defect() -> None:
    """Logs that a listener raised, which is told of later events all the same."""
    import logging

    logging.getLogger("leasehold").exception("a leadership listener raised an exception")


def acquired_only(callback: Callable[[Term], object]) -> Callable[[Event], object]:
    """A listener that passes on the beginnings of terms."""
    return lambda event: callback(event.term) if isinstance(event, Acquired) else None


def lost_only(callback: Callable[[Term, LostReason], object]) -> Callable[[Event], object]:
    """A listener that passes on the ends of terms."""
    return lambda event: callback(event.term, event.reason) if isinstance(event, Lost) else None


class Singleton:
    """A service that runs on the leader only, and whether it runs."""

    def __init__(self, start: Callable[[Term], object], stop: Callable[[], object]) -> None:
        self._start = start
        self._stop = stop
        self._runs = False

    def tell(self, event: Event) -> object:
        """Starts or stops the service; returns what that returned."""
        if isinstance(event, Acquired):
            self._runs = True
            return self._start(event.term)
        return self.stop() if isinstance(event, Lost) else None

    def stop(self) -> object:
        """Stops the service if it runs."""
        if not self._runs:
            return None
        self._runs = False
        return self._stop()
