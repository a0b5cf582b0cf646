"""What the documentation shows of work under a term."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import leasehold
import leasehold.aio
import pytest
from leasehold.testing import FakeLeaderElection

done: list[object] = []


def send(invoice: str, fence: int) -> None:
    """Stands for what must not be done twice."""
    done.append((invoice, fence > 0))


class Consumer:
    """Stands for what runs while this instance leads."""

    def start(self, term: leasehold.Term) -> None:
        done.append("started")

    def stop(self) -> None:
        done.append("stopped")


@pytest.fixture
def election(tmp_path: Path) -> Iterator[leasehold.LeaderElection]:
    """An election that is started, in a folder of its own."""
    done.clear()
    with leasehold.LeaderElection("jobs", mode="file", directory=tmp_path) as election:
        yield election


def test_work_ends_before_the_lease_is_released(election: leasehold.LeaderElection) -> None:
    """A block under `leading`, and a function for the leader only."""
    invoices = ["first", "second"]

    @election.leader_only
    def bill() -> None:  # elsewhere returns None at once
        with election.leading() as term:  # waits for leadership
            for invoice in invoices:
                term.check()  # raises LeadershipLostError once the term is over
                send(invoice, fence=term.fencing_token)

    election.wait_for_leadership(30)
    bill()
    assert done == [("first", True), ("second", True)]


def test_what_runs_with_leadership_stops_with_it(election: leasehold.LeaderElection) -> None:
    """Listeners and singleton services."""
    consumer = Consumer()

    @election.on_lost
    def stop_work(term: leasehold.Term, reason: str) -> None:
        # The Lease is released after this has returned.
        done.append(reason)

    election.singleton_service(start=consumer.start, stop=consumer.stop)
    election.wait_for_leadership(30)
    election.stop()
    assert sorted(map(str, done)) == ["started", "stopped", "stopped"]


def test_the_same_for_asyncio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`leasehold.aio`."""

    async def consume() -> None:
        done.append("consumed")

    async def main() -> None:
        async with leasehold.aio.LeaderElection("monolith-jobs") as election:
            # Waits for leadership; is cancelled when the term is lost.
            async with election.leading() as term:
                await consume()
        assert not term.is_valid

    monkeypatch.setenv("LEASEHOLD_MODE", "file")
    monkeypatch.setenv("LEASEHOLD_DIRECTORY", str(tmp_path))
    done.clear()
    asyncio.run(main())
    assert done == ["consumed"]


def bill(election: leasehold.LeaderElection) -> str:
    """What is to be tested."""
    return election.run_if_leader(lambda term: "billed") or "left to another"


def test_only_the_leader_bills(fake_election: FakeLeaderElection) -> None:
    """With the fixture that the package brings."""
    fake_election.acquire()
    assert bill(fake_election) == "billed"
    fake_election.lose()
    assert bill(fake_election) == "left to another"
