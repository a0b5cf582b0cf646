# mypy: disallow-untyped-decorators=False
"""What the documentation shows of APScheduler's firings that are claimed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI
from leasehold import aio
from leasehold.apscheduler import AsyncLeaderExecutor

election = aio.LeaderElection("monolith-jobs")
executor = AsyncLeaderExecutor(election, missed_within=3600)
scheduler = AsyncIOScheduler(executors={"default": executor}, timezone="UTC")


@scheduler.scheduled_job("cron", id="billing", second="*/2")
async def bill() -> None:
    print("billing, each firing once")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with election:
        scheduler.start()
        yield
        scheduler.pause()
    scheduler.shutdown()


app = FastAPI(lifespan=lifespan)
