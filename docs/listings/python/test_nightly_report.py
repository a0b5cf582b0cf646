"""A lock for one job."""

from __future__ import annotations

import asyncio

import leasehold
import leasehold.aio

reports: list[int] = []


def report(lock: leasehold.HeldLock | leasehold.aio.HeldLock) -> None:
    """Stands for the job."""
    reports.append(lock.fencing_token if lock.is_held else 0)


def test_one_instance_reports_once_in_a_minute() -> None:
    reports.clear()
    locks = leasehold.Locks(mode="always")
    locks.observe("nightly-report")  # at start-up

    def nightly() -> None:
        if lock := locks.try_lock("nightly-report", at_least=60):
            with lock:
                report(lock)  # under lock.fencing_token, and while lock.is_held

    nightly()
    nightly()
    locks.close()
    assert len(reports) == 1
    assert reports[0] > 0


def test_a_task_reports_under_a_lock() -> None:
    reports.clear()

    async def nightly() -> None:
        async with leasehold.aio.Locks(mode="always") as locks:
            # Cancelled when the lock is lost.
            async with locks.lock("nightly-report", timeout=60) as lock:
                report(lock)

    asyncio.run(nightly())
    assert len(reports) == 1
    assert reports[0] > 0
