"""A child is never the leader, says so, and can start its own election; its parent goes on."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

import leasehold
import pytest
from support import LIMIT, Place, Program, eventually

MUST_RAISE = """
def forked(call):
    try:
        call()
    except leasehold.ForkedError as error:
        assert "start another election in the child" in str(error)
    else:
        raise AssertionError("no ForkedError")

def check_inherited(election, term):
    assert not election.is_leader
    assert not term.is_valid
    assert election.remaining == term.remaining == 0
    assert election.term is None
    assert election.metrics() == ""
    assert not election.healthy()
    assert election.status().role == "stopped"
    assert "forked" in election.status().why_not_leading
    forked(lambda: election.run_if_leader(lambda _: 1))
    forked(election.leader_only(lambda: 1))
    for call in (
        election.start,
        election.stop,
        election.request_stop,
        election.step_down,
        election.check_health,
        lambda: election.wait_for_leadership(0),
        lambda: election.leading().__enter__(),
        lambda: election.add_listener(print),
        term.check,
    ):
        forked(call)
"""


def test_a_child_is_never_the_leader_and_its_parent_goes_on(
    program: Callable[..., Program], place: Place
) -> None:
    child_of_leader = program(
        MUST_RAISE
        + """
election = leasehold.LeaderElection(**settings)
election.add_listener(lambda event: None)
election.start()
term = election.wait_for_leadership(LIMIT)
for _ in range(20):
    if os.fork() == 0:
        check_inherited(election, term)
        del election
        os._exit(0)
    _, status = os.wait()
    assert status == 0, status
assert election.is_leader and term.is_valid
say("goes on")
time.sleep(3600)
""",
        identity="parent",
    )
    child_of_leader.hear("goes on")
    place.is_held_by("parent")


def test_a_child_may_start_its_own_election(program: Callable[..., Program], place: Place) -> None:
    parent = program(
        """
election = leasehold.LeaderElection(**settings, identity="parent")
election.start()
election.wait_for_leadership(LIMIT)
reading, writing = os.pipe()
if os.fork() == 0:
    with leasehold.LeaderElection(**settings, identity="child") as own:
        os.write(writing, b"started")
        own.wait_for_leadership(LIMIT)
        say("child leads")
    os._exit(0)
assert os.read(reading, 7) == b"started"
election.stop()
_, status = os.wait()
assert status == 0, status
"""
    )
    parent.hear("child leads")
    parent.ends_well()
    place.is_released()


def test_an_election_that_was_not_started_is_the_childs_to_start(
    program: Callable[..., Program], place: Place
) -> None:
    """As an application does that is loaded once and then forked into workers."""
    parent = program(
        """
election = leasehold.LeaderElection(**settings)

@election.on_acquired
def tell(term):
    say("told", os.getpid())

assert election.status().role == "stopped"
children = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        election.start()
        election.wait_for_leadership(LIMIT)
        say("leads", os.getpid())
        election.stop()
        os._exit(0)
    children.append(pid)
for pid in children:
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
assert election.status().role == "stopped"
election.start()
election.wait_for_leadership(LIMIT)
say("leads", os.getpid())
election.stop()
"""
    )
    words = [parent.hear().split() for _ in range(6)]
    assert {pid for word, pid in words if word == "told"} == {
        pid for word, pid in words if word == "leads"
    }
    parent.ends_well()
    place.is_released()


def test_a_fork_under_a_running_log_does_not_hang_the_child(
    program: Callable[..., Program],
) -> None:
    """A lock that the parent's threads hold at that instant is not the child's."""
    parent = program(
        """
import logging, threading
logger = logging.getLogger("leasehold")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.NullHandler())
logger.propagate = False
elections = [
    leasehold.LeaderElection(f"busy-{n}", mode="always", lease_duration=1,
                             renew_deadline=0.1, retry_period=0.001)
    for n in range(10)
]
for election in elections:
    election.add_listener(lambda event: None)
    election.start()
for _ in range(30):
    if os.fork() == 0:
        with leasehold.LeaderElection("own", mode="always") as own:
            own.wait_for_leadership(LIMIT)
        os._exit(0)
    _, status = os.wait()
    assert status == 0, status
for election in elections:
    election.stop()
"""
    )
    parent.ends_well()


def _child(settings: dict[str, object], election: leasehold.LeaderElection | None) -> None:
    if election is not None:
        assert not election.is_leader
        with pytest.raises(leasehold.ForkedError):
            election.start()
    own = leasehold.LeaderElection(**settings)  # type: ignore[arg-type]
    own.start()
    own.wait_for_leadership(LIMIT)
    # Not stopped: that is done at its end.


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_child_of_multiprocessing_has_its_own_election(method: str, place: Place) -> None:
    context: Any = multiprocessing.get_context(method)
    with leasehold.LeaderElection("parent", mode="always") as parent:
        term = parent.wait_for_leadership(LIMIT)
        inherited = parent if method == "fork" else None
        child = context.Process(target=_child, args=(place.settings, inherited))
        child.start()
        child.join(LIMIT)
        assert child.exitcode == 0
        assert term.is_valid
    place.is_released()


def test_a_pool_of_children_may_ask_what_they_inherited(place: Place) -> None:
    with place.election(identity="parent") as election:
        election.wait_for_leadership(LIMIT)
        read, write = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(write, str(election.is_leader).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        assert os.read(read, 10) == b"False"
        os.close(read)
        os.close(write)
        eventually("the parent renews", lambda: election.remaining > 0)
