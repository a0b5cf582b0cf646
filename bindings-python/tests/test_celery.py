"""Celery beat as processes of their own, with a real broker: each firing is sent once at most,
no matter what happens to the one that sends.
"""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import leasehold
import pytest
import redis
from processes import (
    EXPIRING,
    RELEASED,
    Done,
    Replica,
    each_was_done_once,
    goes_on,
    kubeconfig,
    needs_network,
)
from support import LIMIT, eventually

APPLICATION = """
    import json, os, signal, threading, time
    from datetime import datetime, timedelta, timezone
    from celery import Celery
    from celery.beat import BeatLazyFunc
    from celery.schedules import crontab, schedstate

    NAME = os.environ["NAME"]
    SLOT = float(os.environ.get("SLOT", "0.3"))
    LATE = float(os.environ.get("LATE", "0"))
    SLOW = float(os.environ.get("SLOW", "0"))

    def await_renewal():
        '''In a folder, where one that is paused while it writes holds up all others.'''
        if folder := os.environ.get("LEASEHOLD_DIRECTORY"):
            lease = os.path.join(folder, "default", os.environ["LEASE"], "lease.json")
            before = os.stat(lease).st_mtime_ns
            while os.stat(lease).st_mtime_ns == before:
                time.sleep(0.01)
            # It has let go of the Lease by then, and does not write again so soon.
            time.sleep(0.5)

    class Slots(crontab):
        '''As its minutes: due at the same moments everywhere, only more often.'''

        # The firing that is due: beat's thread sends it, and another what was missed.
        latest = threading.local()

        def remaining_delta(self, last_run_at, **_):
            now = datetime.now(timezone.utc)
            due = int(last_run_at.timestamp() / SLOT) + 1
            following = datetime.fromtimestamp(due * SLOT, timezone.utc)
            if following <= now:
                self.latest.due = due
            return following, timedelta(), now

        def is_due(self, last_run_at):
            remaining = self.remaining_estimate(last_run_at).total_seconds()
            if remaining > 0:
                return schedstate(False, remaining)
            time.sleep(LATE)
            if os.path.exists("pause"):
                os.remove("pause")
                await_renewal()
                os.kill(os.getpid(), signal.SIGSTOP)
            os.write(1, f"due {self.latest.due}\\n".encode())
            return schedstate(True, max(0, (self.latest.due + 1) * SLOT - time.time()))

    class Unknown(crontab):
        def remaining_delta(self, last_run_at, **_):
            raise RuntimeError("nobody knows when")

    slots = Slots()
    leap_days = crontab(minute=0, hour=0, day_of_month=29, month_of_year=2)

    def firing():
        os.write(1, b"sending\\n")
        ends = time.monotonic() + SLOW
        # In short sleeps: Python does not notice a signal that comes on the way into one.
        while time.monotonic() < ends:
            time.sleep(0.01)
        return slots.latest.due

    app = Celery("billing", broker=os.environ["BROKER"])
    claims = json.loads(os.environ.get("CLAIMS", "{}"))
    app.conf.leasehold = {"lease": os.environ["LEASE"], **claims}
    app.conf.beat_schedule = {
        "bill now": {"task": "bill", "schedule": slots, "args": (BeatLazyFunc(firing), NAME)},
        "leap day": {"task": "bill", "schedule": leap_days, "args": (0, NAME)},
        "who knows": {"task": "bill", "schedule": Unknown()},
    }
"""

SOME = 4
"""How many firings show that an instance goes on."""


class Broker:
    """A redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        path = folder / "redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.url = f"redis+socket://{path}"
        self._redis = redis.Redis(unix_socket_path=str(path))
        eventually("redis is there", self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.ConnectionError:
            return False

    def sent(self) -> list[Done]:
        """All that has been sent, in its order."""
        messages = self._redis.lrange("celery", 0, -1)
        assert isinstance(messages, list)
        return [_sent(json.loads(message)) for message in reversed(messages)]

    def goes_on(self, beat: Beat) -> None:
        """Waits until `beat` has sent some more."""
        goes_on(beat, self.sent, SOME)

    def close(self) -> None:
        self._redis.close()
        self._process.terminate()
        self._process.wait(LIMIT)


def _sent(message: dict[str, Any]) -> Done:
    (firing, by), _, _ = json.loads(base64.b64decode(message["body"]))
    return Done(firing, by, message["headers"]["fencing_token"])


class Beat(Replica):
    """`celery beat`, as from the command line."""

    def __init__(self, folder: Path, name: str, **environment: str) -> None:
        command = [sys.executable, "-m", "celery", "--app", "application", "beat"]
        command += ["--scheduler", "leasehold", "--loglevel", "info"]
        super().__init__(folder, name, APPLICATION, command, **environment)

    def pause(self) -> None:
        """Lets it stop itself when a firing is due: not in the middle of a send, which goes on."""
        (self.place / "pause").touch()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server: install the package `redis-server`")
    broker = Broker(tmp_path)
    yield broker
    broker.close()


@pytest.fixture
def start(tmp_path: Path, broker: Broker) -> Iterator[Callable[..., Beat]]:
    beats: list[Beat] = []

    def start(name: str, **environment: str) -> Beat:
        beats.append(Beat(tmp_path, name, BROKER=broker.url, **environment))
        return beats[-1]

    yield start
    for beat in beats:
        beat.kill()


SELDOM_RENEWED = {
    "LEASEHOLD_LEASE_DURATION": "9",
    "LEASEHOLD_RENEW_DEADLINE": "8",
    "LEASEHOLD_RETRY_PERIOD": "3",
}


def test_one_that_is_terminated_hands_over_and_nothing_is_sent_twice(
    start: Callable[..., Beat], broker: Broker
) -> None:
    settings = {**RELEASED, "LEASE": "beat-terminated"}
    leader = start("first", **settings)
    broker.goes_on(leader)
    turns = [leader]
    for name in ("second", "third"):
        # It finds out what is due when the leader has sent that, and stopped.
        standby = start(name, **settings, LATE="0.15")
        standby.hear("due")
        broker.goes_on(leader)
        leader.send(signal.SIGTERM)
        assert leader.end() == 0, leader.complaints()
        broker.goes_on(standby)
        leader = standby
        turns.append(leader)
    each_was_done_once(broker.sent(), *turns)


def test_one_that_is_terminated_while_it_sends_hands_over(
    start: Callable[..., Beat], broker: Broker
) -> None:
    """Beat closes its scheduler in the handler of the signal, within the send."""
    settings = {**RELEASED, "LEASE": "beat-sending"}
    leader = start("first", **settings, SLOW="60")
    leader.hear("sending")
    standby = start("second", **settings)
    standby.hear("due")
    leader.send(signal.SIGTERM)
    broker.goes_on(standby)
    each_was_done_once(broker.sent(), standby)


def test_one_that_is_killed_is_succeeded_and_nothing_is_sent_twice(
    start: Callable[..., Beat], broker: Broker
) -> None:
    settings = {**EXPIRING, "LEASE": "beat-killed"}
    leader = start("first", **settings)
    broker.goes_on(leader)
    standby = start("second", **settings)
    standby.hear("due")
    leader.send(signal.SIGKILL)
    broker.goes_on(standby)
    each_was_done_once(broker.sent(), leader, standby)


@needs_network
def test_one_that_is_cut_off_has_stopped_before_another_sends(
    start: Callable[..., Beat], broker: Broker
) -> None:
    settings = {**EXPIRING, "LEASE": "beat-cut-off"}
    leader = start("first", **settings)
    broker.goes_on(leader)
    standby = start("second", **settings)
    standby.hear("due")
    leader.is_cut_off(True)
    broker.goes_on(standby)
    leader.is_cut_off(False)
    broker.goes_on(standby)
    each_was_done_once(broker.sent(), leader, standby)


def test_one_that_is_paused_sends_nothing_when_it_goes_on(
    start: Callable[..., Beat], broker: Broker
) -> None:
    settings = {**EXPIRING, **SELDOM_RENEWED, "LEASE": "beat-paused"}
    leader = start("first", **settings)
    broker.goes_on(leader)
    standby = start("second", **settings)
    standby.hear("due")
    leader.pause()
    broker.goes_on(standby)
    leader.send(signal.SIGCONT)
    broker.goes_on(standby)
    each_was_done_once(broker.sent(), leader, standby)


CLAIMED = {**RELEASED, "SLOT": "1"}
"""Firings at whole seconds, which are claimed."""

YEARS_AGO = datetime(2010, 1, 1, tzinfo=timezone.utc)


def claims_and_sends_missed(within: timedelta) -> str:
    return json.dumps({"claim": True, "missed_within": within.total_seconds()})


def the_leader_before(lease: str, folder: Path) -> leasehold.LeaderElection:
    """Another candidate that leads, in this process."""
    settings: dict[str, Any] = {"mode": "file", "directory": folder / "leases"}
    if found := kubeconfig("third"):
        settings = {"mode": "kubernetes", "kubeconfig": found}
    election = leasehold.LeaderElection(lease, lease_duration=3600, renew_deadline=1800, **settings)
    election.start().wait_for_leadership(LIMIT)
    return election


def sorted_firings(broker: Broker) -> list[int]:
    """What was missed is sent by another thread, and may come after the next one."""
    return sorted(message.firing for message in broker.sent())


def test_what_a_leader_with_another_clock_has_claimed_is_not_sent_again(
    start: Callable[..., Beat], broker: Broker, tmp_path: Path
) -> None:
    claims = claims_and_sends_missed(timedelta(minutes=1))
    with the_leader_before("beat-claimed", tmp_path) as before:
        standby = start("first", **CLAIMED, LEASE="beat-claimed", CLAIMS=claims)
        standby.hear("due")
        ahead = int(time.time()) + 5
        assert before.claim("bill%20now", datetime.fromtimestamp(ahead, timezone.utc))
        assert before.claim("leap%20day", YEARS_AGO)
    broker.goes_on(standby)
    firings = sorted_firings(broker)
    assert firings == sorted(set(firings))
    # Neither what was claimed, nor what was missed too long ago.
    assert firings[0] > ahead


def test_what_was_missed_is_sent_by_the_next_leader(
    start: Callable[..., Beat], broker: Broker, tmp_path: Path
) -> None:
    claims = claims_and_sends_missed(timedelta(days=9 * 366))
    with the_leader_before("beat-missed", tmp_path) as before:
        standby = start("first", **CLAIMED, LEASE="beat-missed", CLAIMS=claims)
        standby.hear("due")
        assert before.claim("leap%20day", YEARS_AGO)
    eventually("what was missed is sent", lambda: 0 in sorted_firings(broker))
    broker.goes_on(standby)
    firings = sorted_firings(broker)
    assert firings == sorted(set(firings))
    # An entry whose schedule fails keeps no other from being sent.
    failed = "who knows, if it was missed, is not sent: nobody knows when"
    eventually(failed, lambda: failed in standby.complaints())


def test_without_claims_beat_says_that_it_cannot_know_what_was_missed(tmp_path: Path) -> None:
    text = """
        from celery import Celery
        app = Celery()
        app.conf.leasehold = {"lease": "jobs", "mode": "never", "missed_within": 60}
        """
    ended = run_beat(tmp_path, text)
    assert ended.returncode != 0
    assert "missed_within = 60" in ended.stderr
    assert "set `claim` to True" in ended.stderr


def test_without_the_name_of_a_lease_beat_says_how_to_give_it(tmp_path: Path) -> None:
    ended = run_beat(tmp_path, "from celery import Celery\napp = Celery()\n")
    assert ended.returncode != 0
    assert "LEASEHOLD_LEASE" in ended.stderr


def run_beat(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "bare.py").write_text(textwrap.dedent(text))
    beat = [sys.executable, "-m", "celery", "--app", "bare", "beat", "--scheduler", "leasehold"]
    return subprocess.run(beat, cwd=folder, capture_output=True, text=True, timeout=LIMIT)
