"""Asks an election whether it leads, and reports each change. `tests/lib.rs` says why like this."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import leasehold

PERIOD = float(os.environ.get("CANDIDATE_PERIOD_MS", "1")) / 1e3
"""How often to ask, in seconds."""


class Sampler:
    """Reports each change of the answer, and the time that was read before it."""

    def __init__(self, renew_deadline: float, report: Callable[[bool, int], None]) -> None:
        self.renew_deadline = renew_deadline
        self.report = report
        self.was_leader = False
        self.asked_at = now()

    def sample(self, election: leasehold.LeaderElection) -> None:
        """Asks once."""
        moment = now()
        answer = election.is_leader
        pause = (moment - self.asked_at) / 1e9
        if answer and self.was_leader and pause > self.renew_deadline:
            message = f"a stale answer: still the leader after a pause of {pause} s"
            print(message, file=sys.stderr, flush=True)
            os._exit(1)
        if answer != self.was_leader:
            self.report(answer, moment)
        self.was_leader = answer
        self.asked_at = moment


def now() -> int:
    """The time on `CLOCK_MONOTONIC`, in nanoseconds."""
    return time.monotonic_ns()
