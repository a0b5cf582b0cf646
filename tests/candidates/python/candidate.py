"""`candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S`: the Python candidate of the cluster tests.

The contract that it keeps, as the candidates of the other languages do, stands in
`tests/candidates/src/lib.rs`. On its standard error it logs.
"""

from __future__ import annotations

import logging
import signal
import sys
import time

import leasehold

POLL_PERIOD = 0.001
"""How often the candidate asks itself whether it leads, in seconds."""


def main(lease: str, identity: str, *timing: str) -> None:
    lease_duration, renew_deadline, retry_period = map(float, timing)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    terminated: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: terminated.append(number))
    election = leasehold.LeaderElection(
        lease,
        identity=identity,
        mode="kubernetes",
        lease_duration=lease_duration,
        renew_deadline=renew_deadline,
        retry_period=retry_period,
    )
    election.start()
    say("READY", time.monotonic_ns())
    was_leader = False
    asked_at = time.monotonic_ns()
    while not terminated:
        # The clock first: a pause right after the answer must not make it look younger.
        moment = time.monotonic_ns()
        is_leader = election.is_leader
        pause = (moment - asked_at) / 1e9
        if is_leader and was_leader and pause > renew_deadline:
            sys.exit(f"a stale answer: still the leader after a pause of {pause} s")
        if is_leader != was_leader:
            say("LEADER" if is_leader else "FOLLOWER", moment)
        was_leader = is_leader
        asked_at = moment
        time.sleep(POLL_PERIOD)
    election.request_stop()
    while was_leader and election.is_leader:
        pass
    if was_leader:
        say("FOLLOWER", time.monotonic_ns())
    election.stop()


def say(what: str, moment: int) -> None:
    print(what, moment, flush=True)


if len(sys.argv) != 6:
    sys.exit("usage: candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S")
main(*sys.argv[1:])
