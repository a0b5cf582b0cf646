"""The Python worker of the demo. On the leader it runs a job each second, once."""

from __future__ import annotations

import os
import time

import leasehold
from leasehold.types import LostReason

election = leasehold.LeaderElection("demo-jobs")
last = 0


@election.on_acquired
def acquired(term: leasehold.Term) -> None:
    """Says that this process leads."""
    note("acquired", term.fencing_token)


@election.on_lost
def lost(term: leasehold.Term, reason: LostReason) -> None:
    """Says that it no longer leads. The Lease is not released before this has returned."""
    note("lost", term.fencing_token, reason)


def run(term: leasehold.Term) -> None:
    """Runs the job, if one has come due."""
    global last
    due = int(time.time())
    # It belongs to the leader of that time, which may have done it before this one led.
    if due <= last or due <= term.acquired_at.timestamp():
        return
    last = due
    note("run", term.fencing_token, due)


def note(*words: object) -> None:
    """Writes a line into the ledger that all processes share."""
    line = [time.monotonic_ns(), os.environ["LEASEHOLD_IDENTITY"], *words]
    with open(os.environ["DEMO_LEDGER"], "a") as ledger:
        ledger.write(" ".join(map(str, line)) + "\n")


leasehold.exit_on_sigterm()
with election:
    note("ready")
    while True:
        election.run_if_leader(run)
        time.sleep(0.05)
