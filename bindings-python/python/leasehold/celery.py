"""Celery beat on several replicas, of which one sends: `celery beat -S leasehold`."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from urllib.parse import quote

from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab
from celery.utils.log import get_logger
from celery.utils.time import remaining

from ._election import LeaderElection
from ._errors import ConfigError, LeaseholdError
from ._schedule import interval, latest_firing

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

    Two more settings are for entries that have a `crontab`, which is due at the same times
    everywhere. With `claim` each of their firings is claimed before it is sent, so that none is
    sent twice although clocks differ: see `LeaderElection.claim`. With `missed_within`, in seconds
    or as a timedelta, a new leader also sends what nobody has begun, of each entry the latest
    firing that was due at most so long ago: see `LeaderElection.claim_missed`.
    """

    election: LeaderElection
    """The election that decides who sends. It runs while the scheduler does."""

    def __init__(self, app: Celery, *args: Any, **options: Any) -> None:
        settings = dict(app.conf.get("leasehold", {}))
        self._claims = bool(settings.pop("claim", False))
        within = settings.pop("missed_within", None)
        if within is not None and not self._claims:
            why = "what was missed is known by claims; set `claim` to True"
            raise ConfigError(f"missed_within = {within}: {why}", "config")
        self._missed_within = None if within is None else interval(within)
        self.election = LeaderElection(**settings)
        self._is_sending = False
        super().__init__(app, *args, **options)

    def setup_schedule(self) -> None:
        """Sets up the schedule, and takes part in the election. Beat also makes schedulers only to
        print what they are: it does not call this for them.
        """
        super().setup_schedule()
        for entry in self.schedule.values():
            if self._is_claimed(entry):
                # Raises if that cannot be the name of a job.
                self.election.last_firing(_job(entry))
        if self._missed_within is not None:
            self.election.on_acquired(self._send_missed)
        self.election.start()

    def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
        """Sends what is due, if this instance leads. The entry has been advanced in either case."""
        self._is_sending = True
        try:
            self.election.run_if_leader(lambda term: self._send(entry, term, producer))
        except LeaseholdError as error:
            _log.error("%s is not sent: %s", entry.name, error)
        finally:
            self._is_sending = False

    def _send(self, entry: ScheduleEntry, term: Term, producer: object) -> None:
        due = self._due(entry)
        if due < term.acquired_at:
            _log.info("%s was due before this instance led: not sent", entry.name)
            return
        if self._is_claimed(entry) and not self.election.claim(_job(entry), due):
            _log.info("%s at %s was begun before: not sent", entry.name, due)
            return
        super().apply_entry(_with_token(entry, term), producer)

    def _due(self, entry: ScheduleEntry) -> datetime:
        """When the firing was due that beat now sends."""
        now = datetime.now(timezone.utc)
        if not self._is_claimed(entry):
            left: timedelta = entry.schedule.remaining_estimate(entry.last_run_at)
            return now + left
        # Of several that are due, beat sends one.
        last = entry.schedule.maybe_make_aware(entry.last_run_at)
        return _latest(entry, now, now - last) or _following(entry, last)

    def _is_claimed(self, entry: ScheduleEntry) -> bool:
        return self._claims and isinstance(entry.schedule, crontab)

    def _send_missed(self, _: Term) -> None:
        """On the thread of a listener, for beat may sleep until the next firing is due."""
        for entry in list(self.schedule.values()):
            if self._is_claimed(entry):
                try:
                    self.election.run_if_leader(partial(self._send_late, entry))
                except Exception as error:
                    # As one that is never due, which does not keep the others from being sent.
                    _log.error("%s, if it was missed, is not sent: %s", entry.name, error)

    def _send_late(self, entry: ScheduleEntry, term: Term) -> None:
        within = self._missed_within
        assert within is not None
        due = _latest(entry, datetime.now(timezone.utc), within)
        if due is not None and self.election.claim_missed(_job(entry), due, within):
            _log.info("%s was missed at %s", entry.name, due)
            # With a connection of the pool: the other is of beat's own thread.
            super().apply_entry(_with_token(entry, term))

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


def _job(entry: ScheduleEntry) -> str:
    """What its firings are claimed by: its name, with `%20` for a space."""
    return quote(entry.name, safe=_VISIBLE)


_VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


def _following(entry: ScheduleEntry, time: datetime) -> datetime:
    """When the firing of a `crontab` is due that follows `time`: the same on each instance, however
    late. `remaining_estimate` does not give that, for it counts from a now of its own.
    """
    start, delta, now = entry.schedule.remaining_delta(time)
    following: datetime = now.astimezone(timezone.utc) + remaining(start, delta, now)
    return following


def _latest(entry: ScheduleEntry, now: datetime, within: timedelta) -> datetime | None:
    """When the latest firing of a `crontab` was due."""
    return latest_firing(partial(_following, entry), now, within)
