"""The API of programs that are not asynchronous."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta, timezone

import leasehold
import pytest
from leasehold.testing import FakeLeaderElection
from support import LIMIT, Place, eventually


def test_a_candidate_leads_within_a_with_block_and_not_after() -> None:
    with leasehold.LeaderElection("jobs", mode="always") as election:
        term = election.wait_for_leadership(LIMIT)
        assert election.is_leader
        assert election.term == term
        assert 0 < election.remaining <= 10
    assert not election.is_leader
    assert election.term is None
    assert election.remaining == 0


def test_a_start_returns_the_election() -> None:
    election = leasehold.LeaderElection("jobs", mode="always")
    assert election.start() is election
    assert election.start() is election
    election.stop()


def test_an_election_starts_and_stops_as_often_as_one_likes() -> None:
    election = leasehold.LeaderElection("jobs", mode="always")
    tokens = []
    for _ in range(3):
        election.start()
        election.start()
        tokens.append(election.wait_for_leadership(LIMIT).fencing_token)
        election.stop()
        election.stop()
    assert tokens == sorted(set(tokens))


def test_a_term_says_what_it_is(fake_election: FakeLeaderElection) -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    term = fake_election.acquire()
    assert term.fencing_token > 0
    assert term.transitions >= 0
    assert term.lease_uid
    assert before < term.acquired_at < datetime.now(timezone.utc) + timedelta(seconds=1)
    assert term.is_valid
    assert 0 < term.remaining <= 10
    term.check()
    assert hash(term) == hash(fake_election.term)
    assert repr(term) == f"<leasehold.Term fencing_token={term.fencing_token} is_valid=True>"


def test_a_term_that_is_over_raises(fake_election: FakeLeaderElection) -> None:
    first = fake_election.acquire()
    fake_election.lose()
    second = fake_election.acquire()
    assert not first.is_valid
    assert first.remaining == 0
    with pytest.raises(leasehold.LeadershipLostError, match=f"{first.fencing_token} is over"):
        first.check()
    assert second.fencing_token > first.fencing_token
    assert second != first


def test_the_status_says_who_leads_and_why_not_this_one(fake_election: FakeLeaderElection) -> None:
    eventually("the holder is seen", lambda: fake_election.leader == "another-instance")
    eventually("it watches", lambda: fake_election.status().watching)
    status = fake_election.status()
    assert (status.lease, status.role, status.watching) == ("fake", "candidate", True)
    assert status.identity
    assert status.holder == "another-instance"
    assert "another-instance" in str(status.why_not_leading)
    assert (status.failing, status.fencing_token, status.remaining) == (None, None, 0)
    assert repr(fake_election) == "<FakeLeaderElection lease='fake' role='candidate'>"
    assert repr(status).startswith(
        '<leasehold.Status lease="fake" role="candidate" holder="another'
    )
    assert f'why_not_leading="{status.why_not_leading}">' in repr(status)

    term = fake_election.acquire()
    eventually("it is told", lambda: fake_election.status().role == "leader")
    status = fake_election.status()
    assert status.why_not_leading is None
    assert "why_not_leading" not in repr(status)
    assert status.fencing_token == term.fencing_token
    assert status.remaining > 0


def test_metrics_and_health_are_for_probes(fake_election: FakeLeaderElection) -> None:
    fake_election.acquire()
    assert 'leader_election_master_status{name="fake"} 1' in fake_election.metrics()
    assert fake_election.healthy()
    assert fake_election.healthy(tolerance=timedelta(seconds=20))
    fake_election.check_health(5)


def test_a_wait_that_ends_in_vain_says_why(fake_election: FakeLeaderElection) -> None:
    eventually("the holder is seen", lambda: fake_election.leader)
    with pytest.raises(leasehold.TimedOutError, match=r"after 10ms: .*another-instance") as it:
        fake_election.wait_for_leadership(timedelta(milliseconds=10))
    assert isinstance(it.value, TimeoutError)


def test_nobody_waits_for_an_election_that_does_not_run() -> None:
    election = leasehold.LeaderElection("jobs", mode="always")
    with pytest.raises(leasehold.ClosedError, match="call start"):
        election.wait_for_leadership()
    with pytest.raises(leasehold.ClosedError), election.leading():
        pass


def test_a_wait_ends_when_another_thread_stops_the_election(
    fake_election: FakeLeaderElection,
) -> None:
    raised: list[Exception] = []

    def wait() -> None:
        try:
            fake_election.wait_for_leadership()
        except leasehold.ClosedError as error:
            raised.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    fake_election.stop()
    waiting.join(LIMIT)
    assert len(raised) == 1


def test_stepping_down_lets_another_lead(place: Place) -> None:
    with place.election(identity="first") as first:
        first.wait_for_leadership(LIMIT)
        with place.election(identity="second") as second:
            first.step_down()
            second.wait_for_leadership(LIMIT)
            assert not first.is_leader
            eventually("the first sees it", lambda: first.leader == "second")


def test_a_stop_may_be_hastened(fake_election: FakeLeaderElection) -> None:
    fake_election.acquire()
    with fake_election.leading():
        # The block is unfinished work, so that the stop ends by its limit alone.
        assert fake_election.request_stop(drain=3600)
        fake_election.stop(drain=0)
    assert fake_election.status().role == "stopped"
    assert not fake_election.request_stop()


class TestWork:
    """Runs on the leader only, and the Lease is not released before it has ended."""

    def test_runs_on_the_leader_only(self, fake_election: FakeLeaderElection) -> None:
        @fake_election.leader_only
        def add(a: int, *, b: int) -> int:
            """Adds."""
            return a + b

        assert add(1, b=2) is None
        assert fake_election.run_if_leader(lambda term: term.fencing_token) is None
        term = fake_election.acquire()
        assert add(1, b=2) == 3
        assert fake_election.run_if_leader(lambda term: term.fencing_token) == term.fencing_token
        assert (add.__name__, add.__doc__) == ("add", "Adds.")
        fake_election.lose()
        assert add(1, b=2) is None

    def test_has_its_term_on_the_election(self, fake_election: FakeLeaderElection) -> None:
        terms = []

        @fake_election.leader_only
        def work() -> None:
            terms.append(fake_election.term)

        term = fake_election.acquire()
        work()
        assert terms == [term]

    def test_warns_once_where_nobody_has_started_the_election(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Of other elections, those of tests before, lines may still come.
        def said() -> list[logging.LogRecord]:
            return [record for record in caplog.records if "never started" in record.getMessage()]

        election = leasehold.LeaderElection("jobs", mode="never")
        assert not election.is_leader
        assert said() == []
        for _ in range(2):
            assert election.run_if_leader(lambda _: "done") is None
            assert election.leader_only(lambda: "done")() is None
        (record,) = said()
        assert record.getMessage() == (
            "the election for `jobs` was never started: call start(), or use `with`"
        )
        assert record.levelname == "WARNING"

    def test_does_not_warn_of_a_standby_or_after_a_stop(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with leasehold.LeaderElection("jobs", mode="never") as election:
            assert election.run_if_leader(lambda _: "done") is None
        assert election.run_if_leader(lambda _: "done") is None
        assert "never started" not in caplog.text

    def test_holds_the_lease_until_the_block_ends(self, place: Place) -> None:
        with place.election(identity="first") as first:
            first.wait_for_leadership(LIMIT)
            second = place.election()
            second.start()
            with first.leading() as term:
                first.request_stop()
                eventually("the answer turns false", lambda: not first.is_leader)
                with pytest.raises(leasehold.LeadershipLostError):
                    term.check()
                eventually("it waits", lambda: first.status().role == "draining")
                assert not second.is_leader
            second.wait_for_leadership(LIMIT)
            second.stop()

    def test_lets_the_lease_go_when_it_raises(self, place: Place) -> None:
        with place.election(identity="first") as first:
            first.wait_for_leadership(LIMIT)
            with pytest.raises(ZeroDivisionError):
                first.leader_only(lambda: 1 // 0)()
            with pytest.raises(ZeroDivisionError), first.leading():
                _ = 1 // 0
        place.is_released()

    def test_waits_for_leadership(self, fake_election: FakeLeaderElection) -> None:
        acquiring = threading.Thread(target=fake_election.acquire)
        acquiring.start()
        with fake_election.leading() as term:
            assert term.is_valid
            acquiring.join(LIMIT)

    def test_does_not_begin_in_vain(self, fake_election: FakeLeaderElection) -> None:
        with pytest.raises(leasehold.TimedOutError), fake_election.leading(0):
            pytest.fail("the block was entered")
