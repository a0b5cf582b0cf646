"""kubernetes_asyncio: its election as a task beside the work, by its callbacks; it releases nothing."""

from __future__ import annotations

import asyncio

from contract import PERIOD, Sampler, arguments
from kubernetes_asyncio import client, config
from kubernetes_asyncio.leaderelection import electionconfig
from kubernetes_asyncio.leaderelection.leaderelection import LeaderElection
from kubernetes_asyncio.leaderelection.resourcelock.leaselock import LeaseLock

given = arguments()
leads = asyncio.Event()
sampler = Sampler(leads.is_set)


async def begin() -> None:
    leads.set()


async def end() -> None:
    leads.clear()


async def take_part() -> None:
    await config.load_kube_config()
    async with client.ApiClient() as api:
        election = electionconfig.Config(
            LeaseLock(given.lease, "default", given.identity, api),
            lease_duration=given.lease_duration,
            renew_deadline=given.renew_deadline,
            retry_period=given.retry_period,
            onstarted_leading=begin,
            onstopped_leading=end,
        )
        while True:
            await LeaderElection(election).run()


async def main() -> None:
    election = asyncio.create_task(take_part())
    while not sampler.terminated:
        sampler.sample()
        if election.done():
            election.result()
        await asyncio.sleep(PERIOD)
    sampler.sample()


asyncio.run(main())
