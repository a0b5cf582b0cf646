# mypy: disallow-untyped-decorators=False
"""Jobs of APScheduler 3, of which the leader runs each firing once."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import leasehold
import leasehold.aio
import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from leasehold._schedule import latest_firing
from leasehold.apscheduler import AsyncLeaderExecutor, LeaderExecutor, _next_after
from support import LIMIT, eventually

NEW_YEAR = CronTrigger(month=1, day=1, timezone="UTC")
"""A schedule that has no firing while a test runs."""
AN_HOUR_AGO = datetime.now(timezone.utc) - timedelta(hours=1)
A_YEAR_AND_A_DAY = timedelta(days=367)


class Outcomes(queue.Queue[JobExecutionEvent]):
    """What has come of firings."""

    def next(self) -> tuple[datetime, object]:
        """For when the next one was due, and what its job has returned or raised."""
        event = self.get(timeout=LIMIT)
        return event.scheduled_run_time, event.exception or event.retval


def latest_new_year() -> datetime:
    now = datetime.now(timezone.utc)
    return datetime(now.year, 1, 1, tzinfo=timezone.utc)


def bill() -> str:
    return "billed"


class Replica:
    """An election and a scheduler, of which the application may have several processes."""

    def __init__(self, election: leasehold.LeaderElection, **options: Any) -> None:
        self.executor = LeaderExecutor(election, **options)
        self.scheduler = BackgroundScheduler(executors={"default": self.executor})
        self.outcomes = Outcomes()
        self.scheduler.add_listener(self.outcomes.put, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def add(self, job: Callable[..., object] = bill, **options: Any) -> None:
        usual = {"trigger": NEW_YEAR, "id": "bill", "misfire_grace_time": None}
        self.scheduler.add_job(job, **{**usual, **options})

    @contextmanager
    def runs(self) -> Iterator[None]:
        self.scheduler.start()
        try:
            yield
        finally:
            self.scheduler.shutdown()

    def fire(self, *due: datetime, job: str = "bill") -> None:
        """As the scheduler does when it finds these firings due."""
        self.executor.submit_job(self.scheduler.get_job(job), list(due))


def standby_of(
    leader: leasehold.LeaderElection, settings: dict[str, Any]
) -> leasehold.LeaderElection:
    """Another candidate, which takes part when `leader` leads."""
    leader.wait_for_leadership(LIMIT)
    return leasehold.LeaderElection(**settings)


def test_a_firing_is_run_by_one_leader_and_not_by_the_next(settings: dict[str, Any]) -> None:
    later = AN_HOUR_AGO + timedelta(minutes=1)
    for expected in (["billed", "billed"], [None, None]):
        with leasehold.LeaderElection(**settings) as election:
            replica = Replica(election)
            replica.add()
            election.wait_for_leadership(LIMIT)
            with replica.runs():
                replica.fire(AN_HOUR_AGO, later)
                outcomes = [replica.outcomes.next() for _ in range(2)]
                assert outcomes == list(zip((AN_HOUR_AGO, later), expected, strict=True))
            assert election.last_firing("bill") == rounded(later)


def rounded(time: datetime) -> datetime:
    """To the millisecond, as it is recorded."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def test_what_its_schedule_fires_runs_on_the_leader_alone(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as leader, standby_of(leader, settings) as standby:
        replicas = [Replica(leader), Replica(standby)]
        for replica in replicas:
            replica.add(trigger=CronTrigger(second="*"))
        with replicas[0].runs(), replicas[1].runs():
            due, outcome = replicas[0].outcomes.next()
            assert outcome == "billed"
            assert due.microsecond == 0
            assert replicas[1].outcomes.next()[1] is None


def test_the_next_leader_runs_the_latest_firing_that_was_missed(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as first, standby_of(first, settings) as second:
        assert first.claim("bill", latest_new_year() - timedelta(days=365))
        replica = Replica(second, missed_within=A_YEAR_AND_A_DAY)
        # Each firing is late by then.
        replica.add(misfire_grace_time=1)
        # Nobody has begun this one ever, so that it was not missed.
        replica.add(id="new")
        with replica.runs():
            first.stop()
            outcomes = [replica.outcomes.get(timeout=LIMIT) for _ in range(2)]
        assert {event.job_id: event.retval for event in outcomes} == {"bill": "billed", "new": None}
        assert {event.scheduled_run_time for event in outcomes} == {latest_new_year()}
        # It has been, by now.
        again = Replica(second, missed_within=A_YEAR_AND_A_DAY)
        again.add()
        with again.runs():
            assert again.outcomes.next() == (latest_new_year(), None)


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (timedelta(minutes=1), None),
        (timedelta(hours=1), datetime(2024, 2, 29, 3, tzinfo=timezone.utc)),
        (timedelta.max, datetime(2024, 2, 29, 3, tzinfo=timezone.utc)),
    ],
)
def test_what_was_missed_is_looked_for_within_so_long(
    within: timedelta, expected: datetime | None
) -> None:
    now = datetime(2024, 2, 29, 3, 30, tzinfo=timezone.utc)
    trigger = CronTrigger(hour="1-4", timezone="Europe/Berlin")
    assert latest_firing(partial(_next_after, trigger), now, within) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (CronTrigger(hour=3, start_date="2024-03-01", timezone="UTC"), None),
        (CronTrigger(hour=3, end_date="2024-02-27", timezone="UTC"), 26),
        (
            AndTrigger(
                [CronTrigger(day="*/2", timezone="UTC"), CronTrigger(day="*/3", timezone="UTC")]
            ),
            25,
        ),
    ],
)
def test_what_was_missed_is_of_the_schedule(trigger: BaseTrigger, expected: int | None) -> None:
    now = datetime(2024, 2, 29, 3, 30, tzinfo=timezone.utc)
    found = latest_firing(partial(_next_after, trigger), now, timedelta(days=7))
    assert (found and found.day) == expected


def test_a_firing_that_cannot_be_claimed_is_not_run(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as election:
        replica = Replica(election)
        replica.add()
        election.wait_for_leadership(LIMIT)
        with replica.runs():
            replica.fire(datetime.now(timezone.utc) + timedelta(hours=1))
            assert isinstance(replica.outcomes.next()[1], leasehold.ConfigError)


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ({"id": None}, "give the job `bill` an `id`"),
        ({"trigger": IntervalTrigger(hours=1)}, "use `cron`"),
        ({"trigger": CalendarIntervalTrigger(days=2)}, "use `cron`"),
        ({"trigger": OrTrigger([NEW_YEAR, IntervalTrigger(hours=1)])}, "use `cron`"),
        ({"trigger": CronTrigger(month=1, day=1, jitter=5)}, "without `jitter`"),
    ],
)
def test_a_job_whose_firings_replicas_do_not_share_is_refused(
    settings: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    fix: str,
) -> None:
    replica = Replica(leasehold.LeaderElection(**settings))
    replica.add(**options)
    with replica.runs():
        assert fix in caplog.text
        job = replica.scheduler.get_jobs()[0].id
        with pytest.raises(leasehold.ConfigError, match=fix):
            replica.fire(AN_HOUR_AGO, job=job)


def test_a_time_that_is_none_is_refused(settings: dict[str, Any]) -> None:
    election = leasehold.LeaderElection(**settings)
    with pytest.raises(ValueError, match="use zero or more seconds"):
        LeaderExecutor(election, missed_within=-1)


def test_coroutines_run_once_under_an_asynchronous_election(settings: dict[str, Any]) -> None:
    async def bill() -> str:
        await asyncio.sleep(0)
        return "billed"

    async def main() -> None:
        outcomes: asyncio.Queue[JobExecutionEvent] = asyncio.Queue()
        async with leasehold.aio.LeaderElection(**settings) as election:
            await election.wait_for_leadership(LIMIT)
            assert await election.claim("bill", latest_new_year() - timedelta(days=365))
            executor = AsyncLeaderExecutor(election, missed_within=A_YEAR_AND_A_DAY)
            scheduler = AsyncIOScheduler(executors={"default": executor})
            scheduler.add_listener(outcomes.put_nowait, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
            scheduler.add_job(bill, NEW_YEAR, id="bill", misfire_grace_time=None)
            scheduler.start()
            for expected in ("billed", None):
                event = await asyncio.wait_for(outcomes.get(), LIMIT)
                assert (event.scheduled_run_time, event.retval) == (latest_new_year(), expected)
                executor.submit_job(scheduler.get_job("bill"), [latest_new_year()])
            scheduler.shutdown()

    asyncio.run(main())


def test_a_job_that_runs_holds_the_lease(settings: dict[str, Any]) -> None:
    begun: queue.Queue[leasehold.Term | None] = queue.Queue()
    goes_on: queue.Queue[None] = queue.Queue()
    with leasehold.LeaderElection(**settings) as election:

        def work() -> str:
            begun.put(election.term)
            goes_on.get(timeout=LIMIT)
            return "billed"

        replica = Replica(election)
        replica.add(work)
        election.wait_for_leadership(LIMIT)
        with replica.runs():
            replica.fire(AN_HOUR_AGO)
            assert begun.get(timeout=LIMIT) is not None
            election.request_stop()
            eventually("it waits", lambda: election.status().role == "draining")
            goes_on.put(None)
            assert replica.outcomes.next()[1] == "billed"
