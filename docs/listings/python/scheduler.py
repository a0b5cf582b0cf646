# mypy: disallow-untyped-decorators=False
"""What the documentation shows of APScheduler and FastAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI
from leasehold import aio

election = aio.LeaderElection("monolith-jobs")
scheduler = AsyncIOScheduler()


@scheduler.scheduled_job("interval", seconds=1)
@election.leader_only
async def bill() -> None:
    print("billing, on one replica")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with election:  # on the way out it waits for the job, and releases the Lease
        scheduler.start()
        yield
        scheduler.pause()  # no job begins any more
    scheduler.shutdown()


app = FastAPI(lifespan=lifespan)
