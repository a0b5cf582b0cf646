"""How a process ends, and what becomes of its Lease. Nothing hangs, nothing crashes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from support import Place, Program

LEADS = """
election = leasehold.LeaderElection(**settings, identity="leader")
def tell(event):
    if isinstance(event, leasehold.Lost):
        say("told")
election.add_listener(tell)
election.start()
election.wait_for_leadership(LIMIT)
say("leads")
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(7)", 7),
        ("raise ZeroDivisionError", 1),
        # From another thread, while the main one is at its end.
        ("import threading; threading.Thread(target=lambda: time.sleep(0.2)).start()", 0),
    ],
)
def test_an_end_of_the_interpreter_releases_the_lease(
    end: str, code: int, program: Callable[..., Program], place: Place
) -> None:
    leader = program(LEADS + end)
    leader.hear("told")
    assert leader.end() == code
    assert "leasehold" not in leader.complaints()
    place.is_released()


def test_an_election_that_was_dropped_just_before_the_end_is_released(
    program: Callable[..., Program], place: Place
) -> None:
    leader = program(LEADS + "del election")
    leader.ends_well()
    place.is_released()


def test_an_election_of_asyncio_is_released_at_the_end(
    program: Callable[..., Program], place: Place
) -> None:
    leader = program(
        """
import asyncio
from leasehold import aio
election = aio.LeaderElection(**settings)
election.add_listener(lambda event: None)
async def main():
    await election.start()
    await election.wait_for_leadership(LIMIT)
asyncio.run(main())
"""
    )
    leader.ends_well()
    place.is_released()


def test_exit_on_sigterm_releases_the_lease(program: Callable[..., Program], place: Place) -> None:
    # In short sleeps: Python does not notice a signal that comes on the way into one.
    leader = program("leasehold.exit_on_sigterm()" + LEADS + "while True: time.sleep(0.01)")
    leader.hear("leads")
    leader.send(signal.SIGTERM)
    leader.hear("told")
    assert leader.end() == 128 + signal.SIGTERM
    place.is_released()


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
        ("os.kill(os.getpid(), signal.SIGKILL); time.sleep(60)", -signal.SIGKILL),
    ],
)
def test_an_end_that_no_interpreter_sees_leaves_the_lease_to_expire(
    end: str, code: int, program: Callable[..., Program], place: Place
) -> None:
    leader = program(LEADS + end)
    assert leader.end() == code
    place.is_held_by("leader")


def test_a_callback_that_never_returns_does_not_hang_the_end(
    program: Callable[..., Program], place: Place
) -> None:
    leader = program(
        """
election = leasehold.LeaderElection(**settings)
election.on_lost(lambda term, reason: time.sleep(3600))
election.start()
election.wait_for_leadership(LIMIT)
""",
        identity="leader",
        drain_timeout=0.2,
    )
    assert leader.end() == 0
    # Its work was unfinished, so that nothing was released over it.
    assert leader.complaints().splitlines()[0].startswith("work has not ended in time")
    assert leader.complaints().count("\n") == 1, leader.complaints()
    place.is_held_by("leader")


def test_many_ends_while_threads_are_at_work_never_crash(
    program: Callable[..., Program],
) -> None:
    """Threads that wait in native code when the interpreter goes must not meet its remains."""
    for _ in range(20):
        leader = program(
            """
import threading
elections = [leasehold.LeaderElection(f"jobs-{n}", mode="always") for n in range(4)]
for election in elections:
    election.add_listener(lambda event: None)
    election.start()
    election.wait_for_leadership(LIMIT)
    # Daemons that wait for what never comes, and that ask without end.
    never = leasehold.LeaderElection("never", mode="never")
    never.start()
    threading.Thread(target=never.wait_for_leadership, daemon=True).start()
    def ask(election=election):
        while True:
            election.is_leader, election.status(), election.term
    threading.Thread(target=ask, daemon=True).start()
""",
        )
        code = leader.end()
        assert code == 0, leader.complaints()


@pytest.mark.parametrize(
    "wait",
    [
        "standby.wait_for_leadership()",
        "with standby.leading(): pass",
        # The block is unfinished work, for which the stop would wait an hour.
        "with leader.leading(): leader.stop()",
    ],
)
def test_ctrl_c_interrupts_every_wait(wait: str, program: Callable[..., Program]) -> None:
    waiting = program(
        f"""
leader = leasehold.LeaderElection("always", mode="always", drain_timeout=3600)
leader.start()
leader.wait_for_leadership(LIMIT)
standby = leasehold.LeaderElection("never", mode="never")
standby.start()
try:
    say("waits")
    {wait}
except KeyboardInterrupt:
    say("interrupted")
    os._exit(0)
"""
    )
    waiting.hear("waits")
    waiting.send(signal.SIGINT)
    waiting.hear("interrupted")
    assert waiting.end() == 0


def test_no_signal_handler_is_installed_unasked(program: Callable[..., Program]) -> None:
    asking = program(
        """
before = {number: signal.getsignal(number) for number in signal.valid_signals()}
with leasehold.LeaderElection("jobs", mode="never"):
    assert before == {number: signal.getsignal(number) for number in signal.valid_signals()}
"""
    )
    asking.ends_well()
