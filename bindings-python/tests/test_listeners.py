"""What listeners receive, and that none of them can do harm."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import leasehold
import pytest
from leasehold import _threads, testing
from leasehold.testing import FakeLeaderElection
from support import LIMIT, Place, Told, eventually


def test_each_term_has_its_beginning_and_its_end(fake_election: FakeLeaderElection) -> None:
    told = Told()
    fake_election.add_listener(told)
    for _ in range(2):
        term = fake_election.acquire()
        assert told.next(leasehold.Acquired).term == term
        fake_election.lose()
        lost = told.next(leasehold.Lost)
        assert (lost.term, lost.reason) == (term, "superseded")
    fake_election.stop()
    told.next(leasehold.Stopped)


def test_events_can_be_matched_and_printed(fake_election: FakeLeaderElection) -> None:
    told = Told()
    fake_election.add_listener(told)
    won = fake_election.acquire()
    match told.next(leasehold.Acquired):
        case leasehold.Acquired(term):
            assert term == won
    fake_election.lose()
    match told.next(leasehold.Lost):
        case leasehold.Lost(term, reason) as lost:
            assert (term, reason) == (won, "superseded")
            assert repr(lost) == f"leasehold.Lost(term={won!r}, reason='superseded')"
    changed = told.next(leasehold.LeaderChanged)
    assert repr(changed) == "leasehold.LeaderChanged(leader='another-instance')"
    fake_election.stop()
    assert repr(told.next(leasehold.Stopped)) == "leasehold.Stopped()"


def test_a_listener_that_comes_late_is_told_of_the_term(fake_election: FakeLeaderElection) -> None:
    term = fake_election.acquire()
    told = Told()
    fake_election.add_listener(told)
    assert told.next(leasehold.Acquired).term == term


def test_a_listener_is_told_through_stops_and_starts() -> None:
    election = leasehold.LeaderElection("jobs", mode="always")
    told = Told()
    election.add_listener(told)
    for _ in range(2):
        with election:
            told.next(leasehold.Acquired)
        told.next(leasehold.Lost)
        told.next(leasehold.Stopped)


def test_a_listener_is_no_longer_called_once_removed_and_holds_nothing_up() -> None:
    removed, other = Told(), Told()
    with FakeLeaderElection("fake", drain_timeout=3600) as election:
        registration = election.add_listener(removed)
        election.add_listener(other)
        election.acquire()
        removed.next(leasehold.Acquired)
        registration.remove()
        registration.remove()
        election.request_stop()
        try:
            other.next(leasehold.Stopped)
        finally:
            election.request_stop(drain=0)
    assert not any(isinstance(it, leasehold.Lost) for it in removed._events.queue)


def test_a_listener_that_removes_itself_while_a_loss_waits_for_it_holds_nothing_up() -> None:
    told, other, let_go = Told(), Told(), threading.Event()
    with FakeLeaderElection("fake", drain_timeout=3600) as election:

        def listen(event: object) -> None:
            told(event)
            if isinstance(event, leasehold.Acquired):
                assert let_go.wait(LIMIT)
                registration.remove()

        registration = election.add_listener(listen)
        election.add_listener(other)
        election.acquire()
        told.next(leasehold.Acquired)
        election.request_stop()
        try:
            other.next(leasehold.Lost)
            let_go.set()
            other.next(leasehold.Stopped)
        finally:
            election.request_stop(drain=0)


def test_a_listener_that_was_removed_before_the_start_is_never_told() -> None:
    election = leasehold.LeaderElection("jobs", mode="always")
    election.add_listener(lambda _: pytest.fail("it was told")).remove()
    told = Told()
    election.add_listener(told)
    with election:
        told.next(leasehold.Acquired)


def test_decorators_leave_the_function_as_it_is(fake_election: FakeLeaderElection) -> None:
    acquired, lost = threading.Event(), threading.Event()

    @fake_election.on_acquired
    def begin(term: leasehold.Term) -> None:
        assert term.is_valid
        acquired.set()

    @fake_election.on_lost
    def end(term: leasehold.Term, reason: str) -> None:
        assert reason == "superseded"
        assert not term.is_valid
        lost.set()

    assert (begin.__name__, end.__name__) == ("begin", "end")
    fake_election.acquire()
    assert acquired.wait(LIMIT)
    fake_election.lose()
    assert lost.wait(LIMIT)


def test_a_listener_that_raises_is_logged_and_told_of_the_rest(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()

    def raises(event: object) -> None:
        told(event)
        raise SystemExit("a defect of the application")

    with place.election(identity="first") as first:
        first.add_listener(raises)
        first.wait_for_leadership(LIMIT)
    told.next(leasehold.Acquired)
    told.next(leasehold.Lost)
    told.next(leasehold.Stopped)
    place.is_released()
    eventually("it is logged", lambda: "a leadership listener raised" in caplog.text)


def test_a_blocked_listener_holds_up_neither_renewals_nor_other_listeners() -> None:
    blocked, let_go = threading.Event(), threading.Event()

    def block(_: object) -> None:
        blocked.set()
        assert let_go.wait(LIMIT)

    # It would stall in time, were it not a thread of its own that gives signs of life.
    election = leasehold.LeaderElection(
        "jobs", mode="always", lease_duration=7, renew_deadline=6, retry_period=0.2, stall_timeout=6
    )
    election.add_listener(block)
    told = Told()
    election.add_listener(told)
    with election:
        term = election.wait_for_leadership(LIMIT)
        assert blocked.wait(LIMIT)
        told.next(leasehold.Acquired)
        until = threading.Event()
        assert not until.wait(7), "longer than renew deadline and stall timeout"
        assert term.is_valid
        let_go.set()


def test_the_lease_is_released_only_when_the_last_listener_has_returned(place: Place) -> None:
    told, let_go = threading.Event(), threading.Event()
    with place.election(identity="first") as first:
        term = first.wait_for_leadership(LIMIT)
        second = place.election()
        second.start()

        @first.on_lost
        def drain(lost: leasehold.Term, reason: str) -> None:
            assert (lost, reason) == (term, "stepped_down")
            told.set()
            assert let_go.wait(LIMIT)

        first.step_down()
        assert told.wait(LIMIT)
        assert first.status().role == "draining"
        assert not second.is_leader
        let_go.set()
        second.wait_for_leadership(LIMIT)
        second.stop()


def test_a_listener_is_told_how_long_its_work_may_still_go_on(place: Place) -> None:
    told, let_go = Told(), threading.Event()

    def listen(event: object) -> None:
        told(event)
        if isinstance(event, leasehold.Lost):
            assert let_go.wait(LIMIT)

    with place.election(drain_timeout=100) as election:
        election.add_listener(listen)
        election.wait_for_leadership(LIMIT)
        election.request_stop()
        lost = told.next(leasehold.Lost)
        assert 0 < lost.time_left <= 100
        let_go.set()
    assert lost.time_left == 0


class Service:
    """A service that notes what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self, term: leasehold.Term) -> None:
        assert term.is_valid
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def has_called(self, times: int) -> bool:
        return len(self.calls) == times


def test_a_singleton_service_runs_with_leadership(fake_election: FakeLeaderElection) -> None:
    service = Service()
    fake_election.add_singleton_service(service.start, service.stop)
    for _ in range(2):
        calls = len(service.calls)
        fake_election.acquire()
        eventually("it runs", partial(service.has_called, calls + 1))
        fake_election.lose()
        eventually("it has stopped", partial(service.has_called, calls + 2))
    fake_election.stop()
    assert service.calls == ["start", "stop"] * 2, "stopped once"


class LastingService:
    """A service whose start returns when its work has ended."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let_go = threading.Event()

    def run(self, _: leasehold.Term) -> None:
        self.calls.append("start")
        assert self.let_go.wait(LIMIT)
        self.calls.append("ended")

    def stop(self) -> None:
        self.calls.append("stop")


def test_a_singleton_service_is_stopped_though_its_start_lasts(place: Place) -> None:
    service = LastingService()
    with place.election(identity="holder") as election:
        election.add_singleton_service(service.run, service.stop)
        eventually("it runs", lambda: service.calls == ["start"])
        election.request_stop()
        eventually("it is stopped", lambda: service.calls == ["start", "stop"])
        place.is_held_by("holder")
        service.let_go.set()
    # Once more for what it has started since.
    assert service.calls == ["start", "stop", "ended", "stop"]
    place.is_released()


def test_a_singleton_service_does_not_start_again_before_its_start_has_ended() -> None:
    service = LastingService()
    # Leads again over the unfinished work, as soon as it may.
    with FakeLeaderElection("fake", drain_timeout=0.1) as election:
        election.add_singleton_service(service.run, service.stop)
        election.acquire()
        eventually("it runs", lambda: service.calls == ["start"])
        election.lose()
        eventually("it is stopped", lambda: service.calls == ["start", "stop"])
        election.acquire()
        assert service.calls == ["start", "stop"]
        service.let_go.set()
        eventually("it runs again", lambda: service.calls.count("start") == 2)
    assert service.calls[:5] == ["start", "stop", "ended", "stop", "start"]


def test_a_singleton_service_that_does_not_stop_in_time_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = LastingService()
    # Named when its Lease has expired, and nothing keeps another from leading.
    election = FakeLeaderElection(
        "fake", drain_timeout=0, lease_duration=3, renew_deadline=2, retry_period=0.2
    ).start()
    election.add_singleton_service(service.run, service.let_go.wait)
    election.acquire()
    eventually("it runs", lambda: service.calls == ["start"])
    election.stop()
    named = "service of `LastingService.run` has not stopped in time"
    eventually("it is named", lambda: named in caplog.text)
    service.let_go.set()


def test_the_lease_is_not_released_before_what_a_listener_submits_is_done(place: Place) -> None:
    let_go = threading.Event()
    with ThreadPoolExecutor() as pool, place.election(identity="holder") as election:
        told = threading.Event()

        @election.on_lost
        def lost(*_: object) -> object:
            told.set()
            return pool.submit(let_go.wait, LIMIT)

        election.wait_for_leadership(LIMIT)
        election.request_stop()
        assert told.wait(LIMIT)
        place.is_held_by("holder")
        let_go.set()
    place.is_released()


def test_a_singleton_service_is_stopped_when_removed(fake_election: FakeLeaderElection) -> None:
    service = Service()
    registration = fake_election.add_singleton_service(service.start, service.stop)
    fake_election.acquire()
    eventually("it runs", lambda: service.calls == ["start"])
    registration.remove()
    eventually("it has stopped", lambda: service.calls == ["start", "stop"])
    assert fake_election.is_leader


class SlowToStop:
    """A service that stops when it is let go."""

    def __init__(self) -> None:
        self.started, self._stopping, self._let_go = (threading.Event() for _ in range(3))

    def start(self, _: object) -> None:
        self.started.set()

    def stop(self) -> None:
        self._stopping.set()
        assert self._let_go.wait(LIMIT)

    def holds_the_end_up(self, election: leasehold.LeaderElection, place: Place) -> None:
        """Is stopping, and the term that ends meanwhile is not released before it has stopped."""
        assert self._stopping.wait(LIMIT)
        election.request_stop()
        eventually("it waits", lambda: election.status().role == "draining")
        place.is_held_by("holder")
        self._let_go.set()


def test_a_term_that_ends_while_a_removed_service_stops_is_released_after_it(place: Place) -> None:
    service = SlowToStop()
    with place.election(identity="holder") as election:
        registration = election.add_singleton_service(service.start, service.stop)
        assert service.started.wait(LIMIT)
        registration.remove()
        service.holds_the_end_up(election, place)
    place.is_released()


def test_a_removed_service_does_not_start_for_a_term_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(testing, "_SETTLED", 0)
    calls: list[str] = []
    told, let_go = Told(), threading.Event()

    def stop() -> None:
        calls.append("stop")
        assert let_go.wait(LIMIT)

    with FakeLeaderElection("fake", drain_timeout=0.1) as election:
        registration = election.add_singleton_service(lambda _: calls.append("start"), stop)
        election.add_listener(told)
        election.acquire()
        eventually("it runs", lambda: calls == ["start"])
        election.lose()
        eventually("it is being stopped", lambda: calls == ["start", "stop"])
        # Leads again over the unfinished work.
        election.acquire()
        for _ in range(2):
            told.next(leasehold.Acquired)
        registration.remove()
        let_go.set()
        assert registration._listening is not None
        assert registration._listening.join(LIMIT)
    assert calls == ["start", "stop"]


def fails_to_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Lets no thread of this name start, as if the system had reached its limit."""
    start = _threads.start

    def refuse(asked: str, body: Callable[[], object]) -> Callable[[float], bool]:
        if asked == name:
            raise RuntimeError("can't start new thread")
        return start(asked, body)

    monkeypatch.setattr(_threads, "start", refuse)


def test_a_lasting_service_is_stopped_though_no_thread_can_be_had(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = LastingService()
    with place.election(identity="holder") as election:
        election.add_singleton_service(service.run, service.stop)
        eventually("it runs", lambda: service.calls == ["start"])
        fails_to_start(monkeypatch, "leasehold-service")
        election.request_stop()
        eventually("it is stopped", lambda: service.calls == ["start", "stop"])
        place.is_held_by("holder")
        service.let_go.set()
    assert service.calls == ["start", "stop", "ended", "stop"]


def test_a_service_is_stopped_if_its_listener_fails(place: Place) -> None:
    service = SlowToStop()

    def fail(_: object) -> None:
        assert service.started.wait(LIMIT)
        raise SystemExit("a defect of ours")

    election = place.election(identity="holder")
    election.add_singleton_service(service.start, service.stop)._on_done = fail
    with election:
        service.holds_the_end_up(election, place)
    place.is_released()


def test_a_listener_without_a_thread_is_refused_and_holds_nothing_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.election() as election:
        election.wait_for_leadership(LIMIT)
        with monkeypatch.context() as limited:
            fails_to_start(limited, "leasehold-listener")
            with pytest.raises(RuntimeError) as refused:
                election.add_listener(print)
        election.request_stop()
        place.is_released()
    del refused


def test_listeners_wait_for_another_start_if_one_has_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told()
    election = leasehold.LeaderElection("jobs", mode="always")
    election.add_listener(told)
    with monkeypatch.context() as limited:
        fails_to_start(limited, "leasehold-listener")
        with pytest.raises(RuntimeError):
            election.start()
    with election:
        told.next(leasehold.Acquired)


def test_the_end_of_a_subscription_needs_nobody_who_says_so() -> None:
    other = Told()
    with FakeLeaderElection("fake", drain_timeout=3600) as election:
        election.add_listener(other)
        election.acquire()
        events = election._subscribe()
        acquired = events.next()
        assert acquired is not None
        events.close()
        assert events.next() is None
        election.request_stop()
        try:
            other.next(leasehold.Stopped)
        finally:
            election.request_stop(drain=0)


def test_a_singleton_service_is_stopped_when_the_election_goes() -> None:
    service = Service()
    election = FakeLeaderElection("fake")
    election.add_singleton_service(service.start, service.stop)
    election.start()
    election.acquire()
    eventually("it runs", lambda: service.calls == ["start"])
    del election
    eventually("it has stopped", lambda: service.calls == ["start", "stop"])


def test_the_log_goes_to_logging(
    fake_election: FakeLeaderElection, caplog: pytest.LogCaptureFixture
) -> None:
    def leading() -> list[logging.LogRecord]:
        return [it for it in caplog.records if it.getMessage().startswith("leading lease=")]

    with caplog.at_level(logging.INFO, "leasehold"):
        fake_election.acquire()
        eventually("it is logged", leading)
    record = leading()[0]
    assert record.levelno == logging.INFO
    assert record.name == "leasehold"


@contextmanager
def filtered_log(log_filter: Callable[[logging.LogRecord], bool]) -> Iterator[None]:
    logger = logging.getLogger("leasehold")
    logger.setLevel(logging.INFO)
    logger.addFilter(log_filter)
    try:
        yield
    finally:
        logger.removeFilter(log_filter)
        logger.setLevel(logging.NOTSET)


def test_a_log_that_raises_does_not_end_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    printed = ""

    def raises(record: logging.LogRecord) -> bool:
        lines.append(record.getMessage())
        raise ZeroDivisionError

    def is_printed() -> bool:
        nonlocal printed
        printed += capfd.readouterr().err
        return "ZeroDivisionError" in printed

    with filtered_log(raises):
        with FakeLeaderElection("fake") as election:
            election.acquire()
        eventually("it goes on", lambda: any(line.startswith("stopped") for line in lines))
    eventually("the error is printed", is_printed)


def test_a_log_that_blocks_does_not_stall_the_election() -> None:
    blocked, let_go = threading.Event(), threading.Event()

    def block(_: logging.LogRecord) -> bool:
        blocked.set()
        return let_go.wait(LIMIT)

    with filtered_log(block), FakeLeaderElection("fake", stall_timeout=6) as election:
        term = election.acquire()
        assert blocked.wait(LIMIT)
        # So may its configuration, which holds this lock.
        with logging._lock:  # type: ignore[attr-defined]
            logging.getLogger("leasehold").setLevel(logging.INFO)
            assert not threading.Event().wait(7), "longer than the stall timeout"
        assert term.is_valid
        let_go.set()
