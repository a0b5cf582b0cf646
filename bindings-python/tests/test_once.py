"""Work that runs once, no matter who leads."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import leasehold
import leasehold.aio
import pytest
from support import LIMIT, eventually


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Of candidates for one Lease, which expires in none of these tests."""
    return {
        "lease": "jobs",
        "mode": "file",
        "directory": str(tmp_path),
        "lease_duration": 3600,
        "renew_deadline": 1800,
        "retry_period": 0.2,
    }


def fail(_: leasehold.Term) -> None:
    raise LookupError("no such table")


def unreachable(_: leasehold.Term) -> None:
    pytest.fail("it is not to be done here")


async def unreachable_async(_: leasehold.Term) -> None:
    pytest.fail("it is not to be done here")


def test_work_of_a_key_is_done_once_and_not_again_elsewhere(settings: dict[str, Any]) -> None:
    tokens: list[int] = []
    with leasehold.LeaderElection(**settings) as first:
        assert first.run_once("1.4.2", lambda term: tokens.append(term.fencing_token))
        assert first.term is not None, "its election goes on"
        assert tokens == [first.term.fencing_token]
        assert not first.run_once("1.4.2", unreachable)
    second = leasehold.LeaderElection(**settings)
    assert not second.run_once("1.4.2", unreachable)
    assert second.status().role == "stopped"


def test_a_future_that_the_work_returns_is_waited_for(settings: dict[str, Any]) -> None:
    election = leasehold.LeaderElection(**settings)
    with ThreadPoolExecutor() as pool, pytest.raises(LookupError):
        election.run_once("1", lambda term: pool.submit(fail, term))
    assert election.run_once("1", lambda _: None)


def test_an_election_that_is_started_meanwhile_runs_on(settings: dict[str, Any]) -> None:
    election = leasehold.LeaderElection(**settings)
    assert election.run_once("1", lambda _: election.start() and None)
    assert election.status().role != "stopped"
    election.stop()


def test_work_that_fails_raises_and_is_begun_elsewhere_until_all_give_up(
    settings: dict[str, Any],
) -> None:
    for _ in range(5):
        with pytest.raises(LookupError):
            leasehold.LeaderElection(**settings).run_once("1", fail)
    with pytest.raises(leasehold.WorkFailedError, match=r"5 attempts.*LookupError: no such table"):
        leasehold.LeaderElection(**settings).run_once("1", unreachable)


def test_a_signal_ends_the_wait_for_another(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as first:
        first.wait_for_leadership(LIMIT)
        second = leasehold.LeaderElection(**settings)

        def interrupt() -> None:
            eventually("it waits", lambda: second.leader is not None)
            os.kill(os.getpid(), signal.SIGINT)

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            second.run_once("1", unreachable)
        interrupting.join()
        eventually("it has stopped", lambda: second.status().role == "stopped")
        assert first.run_once("1", lambda _: None)


def test_work_that_is_interrupted_is_left_to_others(settings: dict[str, Any]) -> None:
    def interrupted(_: leasehold.Term) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leasehold.LeaderElection(**settings).run_once("1", interrupted)
    assert leasehold.LeaderElection(**settings).run_once("1", lambda _: None)


def test_a_stop_ends_the_wait_for_another(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as first:
        first.wait_for_leadership(LIMIT)
        second = leasehold.LeaderElection(**settings)

        def stop() -> None:
            eventually("it waits", lambda: second.leader is not None)
            second.stop()

        stopping = threading.Thread(target=stop)
        stopping.start()
        with pytest.raises(leasehold.ClosedError):
            second.run_once("1", unreachable)
        stopping.join()


def test_what_cannot_be_a_key_and_what_is_asynchronous_is_refused(settings: dict[str, Any]) -> None:
    election = leasehold.LeaderElection(**settings)
    with pytest.raises(leasehold.ConfigError, match="is the variable set"):
        election.run_once("", unreachable)
    with pytest.raises(TypeError):
        election.run_once("1", unreachable_async)
    assert election.status().role == "stopped"


def test_asynchronous_work_is_done_once(settings: dict[str, Any]) -> None:
    async def work(term: leasehold.Term) -> None:
        await asyncio.sleep(0)
        assert term.is_valid

    async def main() -> None:
        election = leasehold.aio.LeaderElection(**settings)
        assert await election.run_once("1", work)
        assert not await election.run_once("1", unreachable_async)
        assert election.status().role == "stopped"

    asyncio.run(main())


def test_asynchronous_work_is_cancelled_with_its_term_and_begun_again(
    settings: dict[str, Any],
) -> None:
    terms: list[leasehold.Term] = []

    async def main() -> None:
        # Who steps down holds back for a lease duration.
        settings.update(lease_duration=3, renew_deadline=2)
        async with leasehold.aio.LeaderElection(**settings) as election:

            async def work(term: leasehold.Term) -> None:
                terms.append(term)
                if len(terms) == 1:
                    election.step_down()
                    await asyncio.sleep(3600)

            assert await election.run_once("1", work)

    asyncio.run(main())
    assert len(terms) > 1
    assert terms[0].fencing_token < terms[1].fencing_token


def test_who_awaits_it_may_be_cancelled_and_leaves_the_work_to_others(
    settings: dict[str, Any],
) -> None:
    async def main() -> None:
        begun = asyncio.Event()

        async def long(_: leasehold.Term) -> None:
            begun.set()
            await asyncio.sleep(3600)

        first = leasehold.aio.LeaderElection(**settings)
        call = asyncio.create_task(first.run_once("1", long))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        second = leasehold.aio.LeaderElection(**settings)

        async def quick(_: leasehold.Term) -> None:
            await asyncio.sleep(0)

        assert await second.run_once("1", quick)

    asyncio.run(main())
