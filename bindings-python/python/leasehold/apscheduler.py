"""Executors for APScheduler 3: of all replicas the leader runs its jobs, and each firing once.

election = leasehold.LeaderElection("billing")
scheduler = BackgroundScheduler(executors={"default": LeaderExecutor(election)})
scheduler.add_job(bill, "cron", hour=3, timezone="Europe/Berlin", id="billing.invoices")
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import partial

from apscheduler.events import EVENT_JOB_ADDED, EVENT_SCHEDULER_STARTED, JobEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.executors.base import BaseExecutor, MaxInstancesReachedError
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.interval import IntervalTrigger

from . import _functions
from ._errors import ConfigError
from ._leasehold import Acquired
from ._schedule import interval, latest_firing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    from apscheduler.job import Job
    from apscheduler.schedulers.base import BaseScheduler

    from . import aio
    from ._election import LeaderElection
    from ._listeners import Registration
    from .types import Duration, Event

__all__ = ["AsyncLeaderExecutor", "LeaderExecutor"]


class _Leading(BaseExecutor):  # type: ignore[misc]
    """Runs a job if this instance leads and its firing was not begun before, by anybody.

    The job's `id` names it, and each replica has to have the same schedule for it: so a trigger
    `cron`, with a time zone unless all machines have one. What an `interval` counts from differs.
    """

    _election: LeaderElection | aio.LeaderElection
    _missed_within: timedelta | None
    _listening: Registration | None = None

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        self._alias = alias
        scheduler.add_listener(self._check_added, EVENT_JOB_ADDED)
        if self._missed_within is None:
            return
        # When it has its jobs.
        scheduler.add_listener(self._listen, EVENT_SCHEDULER_STARTED)
        if scheduler.running:
            self._listen()

    def shutdown(self, wait: bool = True) -> None:
        if self._listening is not None:
            self._listening.remove()
            self._listening = None
        super().shutdown(wait)

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        if isinstance(job, _Claimed):
            super()._do_submit_job(job, run_times)
            return
        _check(job)
        firings = _Firings(run_times)
        claimed = self._claimed(job, lambda: self._election.claim(job.id, firings.present))
        super()._do_submit_job(claimed, firings)

    def _claimed(self, job: Job, claim: Callable[[], Any]) -> _Claimed:
        raise NotImplementedError

    def _check_added(self, event: JobEvent) -> None:
        """Has APScheduler log at once what would be wrong with each firing."""
        job = self._scheduler.get_job(event.job_id, event.jobstore)
        if job is not None and job.executor == self._alias:
            _check(job)

    # ---- what was missed -----------------------------------------------------------------------

    def _listen(self, _: object = None) -> None:
        if self._listening is None:
            self._listening = self._election.add_listener(self._tell)

    def _tell(self, event: Event) -> None:
        if not isinstance(event, Acquired) or self._scheduler.state != STATE_RUNNING:
            return
        for job in self._scheduler.get_jobs():
            if job.executor == self._alias and job.next_run_time is not None:
                try:
                    self._run_missed(job)
                except Exception:
                    self._logger.exception('What job "%s" has missed is not run', job)

    def _run_missed(self, job: Job) -> None:
        _check(job)
        within, now = self._missed_within, datetime.now(timezone.utc)
        assert within is not None

        due = latest_firing(partial(_next_after, job.trigger), now, within)
        if due is None:
            return
        missed = self._claimed(job, lambda: self._election.claim_missed(job.id, due, within))
        # It is late by then, and that it may be is ours to say.
        missed.misfire_grace_time = None
        try:
            self.submit_job(missed, [due])
        except MaxInstancesReachedError as error:
            self._logger.warning("What was missed is not run: %s", error)


def _next_after(trigger: Any, time: datetime) -> datetime | None:
    """As of a trigger that has not fired before: only of that does APScheduler ask whether it has
    begun, by its `start_date`, and only so does it find when several fire together.
    """
    firing: datetime | None = trigger.get_next_fire_time(None, time + timedelta(microseconds=1))
    return firing


class LeaderExecutor(_Leading, ThreadPoolExecutor):  # type: ignore[misc]
    """APScheduler's pool of threads, which runs a job only while this instance leads, and each of
    its firings once, no matter who leads: see `LeaderElection.claim`. The Lease is not released
    before the job has ended, or `drain_timeout` has passed.

    The job's `id` names it. A trigger `interval` counts from the start of each process, so that
    replicas have no firings in common: use `cron`. A job without an `id`, or with such a trigger,
    is not run, and APScheduler logs why when it is added; and if a firing cannot be claimed.

    With `missed_within`, in seconds or as a timedelta, an instance that comes to lead also runs the
    latest firing that was missed, of each job, if that was due at most so long ago: see
    `LeaderElection.claim_missed`. By default what was missed is left out.
    """

    _election: LeaderElection

    def __init__(
        self,
        election: LeaderElection,
        max_workers: int = 10,
        *,
        missed_within: Duration | None = None,
    ) -> None:
        super().__init__(max_workers)
        self._election = election
        self._missed_within = None if missed_within is None else interval(missed_within)

    def _claimed(self, job: Job, claim: Callable[[], bool]) -> _Claimed:
        function, election = _functions.plain(job.func), self._election

        def run(*args: Any, **kwargs: Any) -> object:
            return election.run_if_leader(lambda _: function(*args, **kwargs) if claim() else None)

        return _Claimed(job, run)


class AsyncLeaderExecutor(_Leading, AsyncIOExecutor):  # type: ignore[misc]
    """As `LeaderExecutor`, for `AsyncIOScheduler` and elections of `leasehold.aio`: jobs are
    coroutine functions. A job is cancelled when its term is lost.
    """

    _election: aio.LeaderElection

    def __init__(
        self, election: aio.LeaderElection, *, missed_within: Duration | None = None
    ) -> None:
        super().__init__()
        self._election = election
        self._missed_within = None if missed_within is None else interval(missed_within)

    def _claimed(self, job: Job, claim: Callable[[], Awaitable[bool]]) -> _Claimed:
        function, election = _functions.coroutine_function(job.func), self._election

        async def run(*args: Any, **kwargs: Any) -> object:
            async def work(_: object) -> object:
                return await function(*args, **kwargs) if await claim() else None

            return await election.run_if_leader(work)

        return _Claimed(job, run)


class _Firings(list[datetime]):
    """For when the firings of a job are due, one of which runs at a time: `present`."""

    present: datetime

    def __iter__(self) -> Iterator[datetime]:
        for firing in super().__iter__():
            self.present = firing
            yield firing


class _Claimed:
    """A job whose function claims its firing first."""

    def __init__(self, job: Job, func: Callable[..., object]) -> None:
        self._job = job
        self.func = func
        self.misfire_grace_time: int | None = job.misfire_grace_time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    def __str__(self) -> str:
        return str(self._job)


_MADE_UP = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
"""What APScheduler calls a job that has no `id`."""


def _check(job: Job) -> None:
    """Raises `ConfigError` if other replicas do not know the firings of `job` by the same name and
    times.
    """
    why = "each replica has another, so that nobody knows which firings are the same"
    if _MADE_UP.fullmatch(job.id):
        raise ConfigError(f"id = {job.id}: {why}; give the job `{job.name}` an `id`", "config")
    if _counts_from_the_start(job.trigger):
        raise ConfigError(f"trigger = {job.trigger}: {why}; use `cron` without `jitter`", "config")


def _counts_from_the_start(trigger: Any) -> bool:
    if isinstance(trigger, IntervalTrigger | CalendarIntervalTrigger):
        return True
    if getattr(trigger, "jitter", None):
        return True
    return any(_counts_from_the_start(part) for part in getattr(trigger, "triggers", ()))
