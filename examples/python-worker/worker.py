"""A web application whose scheduled jobs run on one replica only, and once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI, Response
from leasehold import aio

# Made where the application is loaded, started where it runs: in each worker, after the fork.
election = aio.LeaderElection(os.environ.get("LEASEHOLD_LEASE", "python-worker"))
scheduler = AsyncIOScheduler()
bills: list[int] = []


@election.leader_only
async def bill() -> None:
    """Runs on the leader only. Cancelled when another is to lead, who waits until it has ended."""
    if term := election.term:
        # What is written to refuses a smaller token than it has seen: see docs/src/safety.md.
        bills.append(term.fencing_token)


scheduler.add_job(bill, "interval", seconds=0.2)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Takes part in the election while the application serves."""
    async with election:
        scheduler.start()
        yield
        # No new job begins; those under way are cancelled, and then the Lease is released.
        scheduler.pause()
    scheduler.shutdown()


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def index() -> dict[str, int | bool]:
    """Whether this worker leads, and how often its job has run."""
    return {"pid": os.getpid(), "is_leader": election.is_leader, "bills": len(bills)}


@app.get("/healthz")
async def healthz() -> Response:
    """For a liveness probe. A standby is healthy."""
    return Response(status_code=200 if election.healthy() else 503)


@app.get("/metrics")
async def metrics() -> Response:
    """For Prometheus."""
    return Response(election.metrics(), media_type="text/plain")
