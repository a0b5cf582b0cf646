"""Elections that have gone leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable

from support import Program


def test_a_thousand_elections_leave_nothing_behind(program: Callable[..., Program]) -> None:
    counting = program(
        """
import gc, threading
from leasehold import _process
from leasehold.testing import FakeLeaderElection

def cycle():
    with FakeLeaderElection("jobs") as election:
        election.add_listener(lambda event: None)
        election.add_singleton_service(lambda term: None, lambda: None)
        election.acquire()
        with election.leading():
            pass

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def threads():
    return len(os.listdir("/proc/self/task"))

def settle(count):
    deadline = time.monotonic() + LIMIT
    while threads() > count and time.monotonic() < deadline:
        time.sleep(0.01)
    return threads()

def cycles(hundreds):
    for _ in range(hundreds):
        for _ in range(100):
            cycle()
        # However slow the machine is: for each hundred there is the time for one line.
        say("a hundred")

cycles(1)
gc.collect()
before = settle(4), len(os.listdir("/proc/self/fd")), len(gc.get_objects()), resident()
cycles(10)
gc.collect()
after = settle(4), len(os.listdir("/proc/self/fd")), len(gc.get_objects()), resident()
say("before", *before)
say("after", *after)
"""
    )
    before = [int(it) for it in counting.hear("before").split()[1:]]
    after = [int(it) for it in counting.hear("after").split()[1:]]
    counting.ends_well()
    assert after[0] == before[0] == 4, "the main thread, the heartbeat, the log, the core's"
    assert after[1] == before[1], "files"
    assert after[2] - before[2] < 500, "objects: less than one for two elections"
    assert after[3] - before[3] < 4 << 20, "bytes: less than 4 kB for each election"


def test_a_standby_that_asks_again_and_again_does_not_grow(program: Callable[..., Program]) -> None:
    asking = program(
        """
with leasehold.LeaderElection("jobs", mode="never") as election:
    def ask(times):
        for _ in range(times):
            try:
                election.wait_for_leadership(0)
            except leasehold.TimedOutError:
                pass
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    before = ask(1_000)
    say("grew", ask(20_000) - before)
"""
    )
    assert int(asking.hear("grew").split()[1]) < 2 << 20
    asking.ends_well()
