"""Applications with APScheduler as processes of their own, whose jobs are counted in a database:
each firing is run once at most, no matter what happens to the one that runs it.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from processes import (
    EXPIRING,
    RELEASED,
    Done,
    Replica,
    each_was_done_once,
    goes_on,
    needs_network,
)

APPLICATION = '''
    import os, signal, sqlite3, time
    from contextlib import closing

    import leasehold
    from apscheduler.schedulers.background import BackgroundScheduler
    from leasehold.apscheduler import LeaderExecutor

    class Late(LeaderExecutor):
        """On a machine whose clock, or scheduler, is behind."""

        def submit_job(self, *args):
            time.sleep(float(os.environ.get("LATE", "0")))
            super().submit_job(*args)

    election = leasehold.LeaderElection(os.environ["LEASE"])
    scheduler = BackgroundScheduler(executors={"default": Late(election)}, timezone="UTC")

    @scheduler.scheduled_job("cron", id="bill", second="*", misfire_grace_time=None)
    def bill():
        firing, token = election.last_firing("bill").timestamp(), election.term.fencing_token
        done = (firing, os.environ["NAME"], token)
        with closing(sqlite3.connect("../done.db", timeout=60)) as database, database:
            database.execute("INSERT INTO done VALUES (?, ?, ?)", done)

    # Before any thread is started, so that all have it blocked.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with election:
        scheduler.start()
        print("started", flush=True)
        signal.sigwait({signal.SIGTERM})
        scheduler.shutdown()
    '''

SOME = 2
"""How many firings show that a replica goes on."""


class Ledger:
    """What has been done, in a database that all replicas write to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "done.db"
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute("CREATE TABLE done (firing INTEGER, by TEXT, token INTEGER)")

    def done(self) -> list[Done]:
        """All, in the order in which it was done."""
        with closing(sqlite3.connect(self._path)) as database:
            rows = database.execute("SELECT firing, by, token FROM done ORDER BY rowid")
            return [Done(*row) for row in rows]

    def goes_on(self, replica: Replica) -> None:
        """Waits until `replica` has done some more."""
        goes_on(replica, self.done, SOME)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Replica]]:
    replicas: list[Replica] = []

    def start(name: str, **environment: str) -> Replica:
        command = [sys.executable, "application.py"]
        replicas.append(Replica(tmp_path, name, APPLICATION, command, **environment))
        replicas[-1].hear("started")
        return replicas[-1]

    yield start
    for replica in replicas:
        replica.kill()


def test_one_that_is_terminated_ends_its_jobs_and_hands_over(
    start: Callable[..., Replica], ledger: Ledger
) -> None:
    settings = {**RELEASED, "LEASE": "apscheduler-terminated"}
    first = start("first", **settings)
    ledger.goes_on(first)
    # It finds out what is due when the leader has done that, and stopped.
    second = start("second", **settings, LATE="0.5")
    ledger.goes_on(first)
    first.send(signal.SIGTERM)
    assert first.end() == 0, first.complaints()
    ledger.goes_on(second)
    each_was_done_once(ledger.done(), first, second)


def test_one_that_is_killed_is_succeeded(start: Callable[..., Replica], ledger: Ledger) -> None:
    settings = {**EXPIRING, "LEASE": "apscheduler-killed"}
    first = start("first", **settings)
    ledger.goes_on(first)
    second = start("second", **settings)
    first.send(signal.SIGKILL)
    ledger.goes_on(second)
    each_was_done_once(ledger.done(), first, second)


@needs_network
def test_one_that_is_cut_off_has_stopped_before_another_works(
    start: Callable[..., Replica], ledger: Ledger
) -> None:
    settings = {**EXPIRING, "LEASE": "apscheduler-cut-off"}
    first = start("first", **settings)
    ledger.goes_on(first)
    second = start("second", **settings)
    first.is_cut_off(True)
    ledger.goes_on(second)
    first.is_cut_off(False)
    ledger.goes_on(second)
    each_was_done_once(ledger.done(), first, second)
