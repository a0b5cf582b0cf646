"""What the documentation shows of an application's tests, with the fixture of the package."""

from leasehold import LeaderElection
from leasehold.testing import FakeLeaderElection


def bill(election: LeaderElection) -> str:
    return election.run_if_leader(lambda term: "billed") or "left to another"


def test_only_the_leader_bills(fake_election: FakeLeaderElection) -> None:
    fake_election.acquire()
    assert bill(fake_election) == "billed"
    fake_election.lose()
    assert bill(fake_election) == "left to another"
