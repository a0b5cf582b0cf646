"""Celery beat on several replicas, of which one sends: `celery beat -S leasehold`."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from celery.utils.log import get_logger

from ._election import LeaderElection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from celery import Celery

    from ._leasehold import Term

__all__ = ["LeaderScheduler"]

_log = get_logger(__name__)


class LeaderScheduler(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, which sends only while this instance leads.

    Its election has the settings of the dictionary `leasehold` in Celery's configuration: the
    arguments of `leasehold.LeaderElection`. What is left out there comes from the environment.

    Each replica keeps the schedule, and a standby lets what is due pass. So a new leader goes on
    with what comes next. What was due before its term began is not sent: the leader before may
    have sent it.
    """

    election: LeaderElection
    """The election that decides who sends. It runs while the scheduler does."""

    def __init__(self, app: Celery, *args: Any, **options: Any) -> None:
        self.election = LeaderElection(**app.conf.get("leasehold", {}))
        self._is_sending = False
        super().__init__(app, *args, **options)

    def setup_schedule(self) -> None:
        """Sets up the schedule, and takes part in the election. Beat also makes schedulers only to
        print what they are: it does not call this for them.
        """
        super().setup_schedule()
        self.election.start()

    def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
        """Sends what is due, if this instance leads. The entry has been advanced in either case."""
        self._is_sending = True
        try:
            self.election.run_if_leader(lambda term: self._send(entry, term, producer))
        finally:
            self._is_sending = False

    def _send(self, entry: ScheduleEntry, term: Term, producer: object) -> None:
        overdue = -entry.schedule.remaining_estimate(entry.last_run_at)
        if overdue > datetime.now(timezone.utc) - term.acquired_at:
            _log.info("%s was due before this instance led: not sent", entry.name)
            return
        super().apply_entry(_with_token(entry, term), producer)

    def close(self) -> None:
        """Stops the election, so that another instance sends."""
        if self._is_sending:
            # Within beat's signal handler, which has interrupted the send and is about to leave it;
            # then beat closes once more. Until then the send keeps its connection, and the Lease.
            self.election.request_stop()
            return
        self.election.stop()
        super().close()

    @property
    def info(self) -> str:
        """What beat prints of its scheduler when it starts."""
        return f"    . lease -> {self.election.status().lease}"


def _with_token(entry: ScheduleEntry, term: Term) -> ScheduleEntry:
    """`entry`, whose message has the fencing token of `term` among its headers."""
    entry = copy.copy(entry)
    headers = entry.options.get("headers", {}) | {"fencing_token": term.fencing_token}
    entry.options = entry.options | {"headers": headers}
    return entry
