"""What a thread that keeps the GIL does to an election: nothing, until it counts as dead."""

from __future__ import annotations

import ctypes
from typing import Any

import leasehold
from support import LIMIT, Told

SHORT: dict[str, Any] = {"lease_duration": 8, "renew_deadline": 7, "retry_period": 0.2}


def keep_the_gil(seconds: float) -> None:
    """As a C extension does that computes without letting others in."""
    ctypes.PyDLL(None).usleep(int(seconds * 1_000_000))


def test_a_thread_that_keeps_the_gil_for_ten_seconds_does_not_end_the_term() -> None:
    with leasehold.LeaderElection("jobs", mode="always", **SHORT) as election:
        term = election.wait_for_leadership(LIMIT)
        keep_the_gil(10)
        # Longer than its renew deadline: it was renewed all the while.
        assert term.is_valid


def test_an_interpreter_that_is_dead_for_longer_than_the_stall_timeout_no_longer_leads() -> None:
    told = Told()
    election = leasehold.LeaderElection("jobs", mode="always", stall_timeout=1, **SHORT)
    election.add_listener(told)
    with election:
        first = told.next(leasehold.Acquired).term
        keep_the_gil(4)
        assert not first.is_valid
        assert told.next(leasehold.Lost).reason == "stalled"
        # It lives again, and so it leads again, in another term.
        assert told.next(leasehold.Acquired).term.fencing_token > first.fencing_token
