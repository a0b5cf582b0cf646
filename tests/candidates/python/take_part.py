"""One candidate, by five arguments."""

from __future__ import annotations

import signal
import time

import leasehold
from reasons import Reasons
from sampler import PERIOD, Sampler, now


def take_part(lease: str, identity: str, *timing: str) -> None:
    lease_duration, renew_deadline, retry_period = map(float, timing)
    terminated: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: terminated.append(number))
    election = leasehold.LeaderElection(
        lease,
        identity=identity,
        lease_duration=lease_duration,
        renew_deadline=renew_deadline,
        retry_period=retry_period,
    )
    election.start()
    say("READY", now())
    sampler = Sampler(
        renew_deadline,
        lambda is_leader, moment: say("LEADER" if is_leader else "FOLLOWER", moment),
    )
    reasons = Reasons()
    while not terminated:
        sampler.sample(election)
        reasons.look_at(election)
        time.sleep(PERIOD)
    election.request_stop()
    while sampler.was_leader:
        sampler.sample(election)
    election.stop()


def say(what: str, moment: int) -> None:
    print(what, moment, flush=True)
