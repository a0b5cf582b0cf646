"""After `monkey_patch()`: the election and its listeners run on real threads. What waits holds up
the hub, as all native code does.
"""

from __future__ import annotations

from collections.abc import Callable

from support import Place, Program

PATCHED = """
import warnings
# Of eventlet, which says that it is deprecated.
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
import threading
"""


def test_an_election_goes_on_while_green_threads_run(
    program: Callable[..., Program], place: Place
) -> None:
    patched = program(
        PATCHED
        + """
election = leasehold.LeaderElection(**settings, stall_timeout=6)
told = []
election.add_listener(told.append)
election.start()
while not (term := election.term):
    eventlet.sleep(0.001)
# The hub is free, and so is the heart beside it.
eventlet.sleep(0.2)
# The hub is blocked for longer than the stall timeout, but the interpreter lives.
eventlet.patcher.original("time").sleep(7)
assert term.is_valid
while not told:
    eventlet.sleep(0.001)
election.stop()
assert not election.is_leader
"""
    )
    patched.ends_well()
    place.is_released()


def test_the_end_of_a_patched_process_releases_the_lease(
    program: Callable[..., Program], place: Place
) -> None:
    patched = program(
        PATCHED
        + """
election = leasehold.LeaderElection(**settings)
election.on_lost(lambda term, reason: say("told", reason))
election.start()
from eventlet import tpool
tpool.execute(election.wait_for_leadership, LIMIT)
tpool.killall()
"""
    )
    patched.hear("told stopped")
    patched.ends_well()
    place.is_released()


def test_our_log_holds_up_neither_that_of_the_application_nor_itself(
    program: Callable[..., Program], place: Place
) -> None:
    chatty = program(
        PATCHED
        + """
import logging
seen = []
class Slow(logging.Handler):
    def emit(self, record):
        # As one that writes to a socket: others run meanwhile, and want its lock.
        eventlet.sleep(0.001)
        seen.append(record.name)
logging.basicConfig(level=logging.INFO, handlers=[Slow()])
def chat():
    while True:
        logging.getLogger("chat").info("chat")
        eventlet.sleep(0)
def await_more(name, count):
    with eventlet.Timeout(LIMIT):
        count += seen.count(name)
        while seen.count(name) < count:
            eventlet.sleep(0.001)
for _ in range(3):
    eventlet.spawn(chat)
election = leasehold.LeaderElection(**settings)
election.add_listener(lambda event: 1 / 0)
for _ in range(20):
    election.start()
    await_more("leasehold", 1)
    election.stop()
    await_more("chat", 10)
"""
    )
    chatty.ends_well()
    place.is_released()


def test_an_exit_that_a_signal_asks_for_while_we_log_ends_the_program(
    program: Callable[..., Program], place: Place
) -> None:
    logs = program(
        PATCHED
        + """
import logging
class Interrupted(logging.Handler):
    def emit(self, record):
        signal.raise_signal(signal.SIGTERM)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
logging.basicConfig(level=logging.INFO, handlers=[Interrupted()])
election = leasehold.LeaderElection(**settings)
election.start()
eventlet.sleep(LIMIT)
"""
    )
    assert logs.end() == 7, logs.complaints()
    place.is_released()


def test_what_is_said_where_no_hub_runs_waits_for_one_and_does_not_grow(
    program: Callable[..., Program], place: Place
) -> None:
    waiting = program(
        PATCHED
        + """
import logging
from eventlet import tpool
from leasehold._process import current
seen = []
class Seen(logging.Handler):
    def emit(self, record):
        seen.append(record.getMessage())
logging.basicConfig(level=logging.INFO, handlers=[Seen()])
election = leasehold.LeaderElection(**settings)
tpool.execute(election.start)
tpool.execute(election.wait_for_leadership, LIMIT)
tpool.execute(election.stop)
told = []
for _ in range(20_000):
    current().log.say(lambda: told.append(None))
current().log.say(lambda: told.append("last"))
assert not told
election.start()
with eventlet.Timeout(LIMIT):
    while "last" not in told or not any(it.startswith("leading") for it in seen):
        eventlet.sleep(0.001)
assert len(told) <= 10_000, len(told)
election.stop()
tpool.killall()
"""
    )
    waiting.ends_well()
    place.is_released()
