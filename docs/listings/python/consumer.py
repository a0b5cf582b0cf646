import asyncio
from contextlib import suppress

from leasehold import LeadershipLostError, aio, exit_on_sigterm


async def consume(fencing_token: int) -> None:
    while True:
        print("consuming, under token", fencing_token)
        await asyncio.sleep(1)


async def main() -> None:
    async with aio.LeaderElection("monolith-jobs") as election:
        while True:
            with suppress(LeadershipLostError):
                # Waits for leadership; is cancelled when the term is lost.
                async with election.leading() as term:
                    await consume(term.fencing_token)


exit_on_sigterm()  # else SIGTERM ends Python at once, and the Lease has to expire
asyncio.run(main())
