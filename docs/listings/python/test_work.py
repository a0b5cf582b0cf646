"""What the documentation shows of work under a term."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import leasehold
import pytest

done: list[object] = []


def send(invoice: str, fence: int) -> None:
    """Stands for what must not be done twice."""
    done.append((invoice, fence > 0))


class Consumer:
    """Stands for what runs while this instance leads."""

    def __init__(self) -> None:
        self.has_started = threading.Event()

    def start(self, term: leasehold.Term) -> None:
        done.append("started")
        self.has_started.set()

    def stop(self) -> None:
        done.append("stopped")


@pytest.fixture
def election(tmp_path: Path) -> Iterator[leasehold.LeaderElection]:
    """An election that is started, in a folder of its own."""
    done.clear()
    with leasehold.LeaderElection(
        "jobs", mode="file", directory=tmp_path, lease_duration=3600, renew_deadline=1800
    ) as election:
        yield election


def test_work_ends_before_the_lease_is_released(election: leasehold.LeaderElection) -> None:
    """A function for the leader only, and a block under `leading`."""
    invoices = ["first", "second"]

    @election.leader_only
    def remind() -> None:  # elsewhere a call returns None at once
        if term := election.term:  # None once the term is over
            send("reminder", fence=term.fencing_token)

    with election.leading() as term:  # waits for leadership
        for invoice in invoices:
            term.check()  # raises LeadershipLostError once the term is over
            send(invoice, fence=term.fencing_token)

    remind()
    assert done == [("first", True), ("second", True), ("reminder", True)]


def test_what_runs_with_leadership_stops_with_it(election: leasehold.LeaderElection) -> None:
    """Listeners and singleton services."""
    consumer = Consumer()

    @election.on_lost
    def stop_work(term: leasehold.Term, reason: str) -> None:
        # The Lease is released after this has returned.
        done.append(reason)

    election.add_singleton_service(start=consumer.start, stop=consumer.stop)
    assert consumer.has_started.wait(60)
    election.stop()
    assert sorted(map(str, done)) == ["started", "stopped", "stopped"]
