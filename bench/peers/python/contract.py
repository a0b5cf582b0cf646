"""The contract that all candidates keep, which is in `tests/lib.rs`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

PERIOD = float(os.environ.get("CANDIDATE_PERIOD_MS", "1")) / 1e3


class Arguments(NamedTuple):
    lease: str
    identity: str
    lease_duration: float
    renew_deadline: float
    retry_period: float


def arguments() -> Arguments:
    if len(sys.argv) != 6:
        sys.exit(f"usage: {sys.argv[0]} LEASE IDENTITY LEASE_S RENEW_S RETRY_S")
    lease, identity, *timing = sys.argv[1:]
    return Arguments(lease, identity, *map(seconds, timing))


def seconds(word: str) -> float:
    """Whole numbers as such: other ones end these elections with an error."""
    number = float(word)
    return int(number) if number.is_integer() else number


class Sampler:
    """Asks whether the candidate leads, and says so."""

    def __init__(self, is_leader: Callable[[], bool]) -> None:
        self.is_leader = is_leader
        self.was_leader = False
        self.terminated = False
        signal.signal(signal.SIGTERM, self.terminate)
        say("READY", now())

    def terminate(self, *_: object) -> None:
        self.terminated = True

    def sample(self) -> None:
        # The clock first: a pause right after the answer must not make it look younger.
        moment = now()
        self.note(self.is_leader() and not self.terminated, moment)

    def note(self, is_leader: bool, moment: int) -> None:
        if is_leader != self.was_leader:
            self.was_leader = is_leader
            say("LEADER" if is_leader else "FOLLOWER", moment)

    def run(self) -> None:
        """Until SIGTERM."""
        while not self.terminated:
            self.sample()
            time.sleep(PERIOD)
        self.sample()


def now() -> int:
    """`CLOCK_MONOTONIC`, which all processes of a machine share."""
    return time.monotonic_ns()


def say(what: str, moment: int) -> None:
    print(what, moment, flush=True)
