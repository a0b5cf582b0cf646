"""After `monkey.patch_all()`: the election and its listeners run on real threads. What waits holds
up the hub, as all native code does, so that it belongs into the hub's thread pool.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import Place, Program

PATCHED = """
from gevent import monkey
{before}
monkey.patch_all()
import gevent, threading
from leasehold.testing import FakeLeaderElection
"""


@pytest.mark.parametrize("before", ["", "import threading, leasehold"])
def test_an_election_goes_on_while_greenlets_run(
    before: str, program: Callable[..., Program], place: Place
) -> None:
    patched = program(
        PATCHED.format(before=before)
        + """
election = leasehold.LeaderElection(**settings, stall_timeout=6)
told = []
election.add_listener(told.append)
election.start()
while not (term := election.term):
    gevent.sleep(0.001)
# The hub is free, and so is the heart beside it.
gevent.sleep(0.2)
# The hub is blocked for longer than the stall timeout, but the interpreter lives.
monkey.get_original("time", "sleep")(7)
assert term.is_valid
while not told:
    gevent.sleep(0.001)
gevent.spawn(election.stop).join()
assert not election.is_leader
"""
    )
    patched.ends_well()
    place.is_released()


def test_the_end_of_a_patched_process_releases_the_lease(
    program: Callable[..., Program], place: Place
) -> None:
    patched = program(
        PATCHED.format(before="")
        + """
election = leasehold.LeaderElection(**settings)
election.on_lost(lambda term, reason: say("told", reason))
election.start()
gevent.get_hub().threadpool.apply(election.wait_for_leadership, (LIMIT,))
"""
    )
    patched.hear("told stopped")
    patched.ends_well()
    place.is_released()


def test_a_wait_holds_up_the_hub_unless_it_is_in_the_thread_pool(
    program: Callable[..., Program],
) -> None:
    patched = program(
        PATCHED.format(before="")
        + """
with FakeLeaderElection("fake") as election:
    ticks = []
    def tick():
        while True:
            ticks.append(1)
            gevent.sleep(0.001)
    ticking = gevent.spawn(tick)
    gevent.sleep(0.01)

    def wait():
        try:
            election.wait_for_leadership(0.2)
        except leasehold.TimedOutError:
            pass

    before = len(ticks)
    wait()
    assert len(ticks) == before, "the documented limit is gone: change the README"
    gevent.get_hub().threadpool.apply(wait)
    assert len(ticks) > before
    ticking.kill()
"""
    )
    patched.ends_well()
