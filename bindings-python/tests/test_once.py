"""Work that runs once, no matter who leads."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import leasehold
import leasehold.aio
import pytest
from support import LIMIT, Program, eventually


def fail(_: leasehold.Term) -> None:
    raise LookupError("no such table")


def unreachable(_: leasehold.Term) -> None:
    pytest.fail("it is not to be done here")


async def unreachable_async(_: leasehold.Term) -> None:
    pytest.fail("it is not to be done here")


async def nothing_async(_: leasehold.Term) -> None:
    pass


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


def test_a_future_holds_the_lease_when_a_signal_ends_the_wait_for_it(
    settings: dict[str, Any],
) -> None:
    class Interrupted(Future[None]):
        def result(self, timeout: float | None = None) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super().result(timeout)

    terms: list[leasehold.Term] = []
    goes_on = Interrupted()

    def work(term: leasehold.Term) -> Interrupted:
        terms.append(term)
        return goes_on

    first = leasehold.LeaderElection(**settings)
    with pytest.raises(KeyboardInterrupt):
        first.run_once("1", work)
    assert terms[0].is_valid
    goes_on.set_result(None)
    assert leasehold.LeaderElection(**settings).run_once("1", lambda _: None)


class Paused(leasehold.LeaderElection):
    """An election whose process is paused when work is to begin: this happens meanwhile."""

    meanwhile: Callable[[], object]

    def _once(self, *arguments: Any) -> Any:
        once: Any = super()._once(*arguments)
        meanwhile = self.meanwhile

        class Once:
            ended, give_up, close = once.ended, once.give_up, once.close

            def next(self, cancellation: Any) -> Any:
                news = once.next(cancellation)
                if isinstance(news, leasehold.Term):
                    meanwhile()
                return news

        return Once()


def test_work_does_not_begin_if_its_term_has_ended_meanwhile(settings: dict[str, Any]) -> None:
    first = Paused(**settings)
    second = leasehold.LeaderElection(**settings)
    done: list[bool] = []
    doing = threading.Thread(target=lambda: done.append(second.run_once("1", lambda _: None)))

    def step_down() -> None:
        first.step_down()
        doing.start()

    first.meanwhile = step_down
    assert not first.run_once("1", unreachable)
    doing.join()
    assert done == [True]


def test_work_does_not_begin_if_the_election_stops_meanwhile(settings: dict[str, Any]) -> None:
    election = Paused(**settings)
    election.meanwhile = election.request_stop
    with pytest.raises(leasehold.ClosedError):
        election.run_once("1", unreachable)


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


def test_an_error_whose_text_cannot_be_made_is_raised_and_recorded(
    settings: dict[str, Any],
) -> None:
    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise IndexError

    def work(_: leasehold.Term) -> None:
        raise UnspeakableError

    def surrogate(_: leasehold.Term) -> None:
        raise LookupError("\ud800")

    with pytest.raises(UnspeakableError):
        leasehold.LeaderElection(**settings).run_once("1", work)
    with pytest.raises(LookupError):
        leasehold.LeaderElection(**settings).run_once("1", surrogate)
    for _ in range(3):
        with pytest.raises(UnspeakableError):
            leasehold.LeaderElection(**settings).run_once("1", work)
    with pytest.raises(
        leasehold.WorkFailedError, match=r"5 attempts.*UnspeakableError: an error that"
    ):
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


def test_a_listener_is_not_kept_waiting_for_a_stop_that_waits_for_it(
    settings: dict[str, Any],
) -> None:
    refused: list[str] = []
    election = leasehold.LeaderElection(**settings)

    @election.on_lost
    def begin_again(_: leasehold.Term, __: str) -> None:
        with pytest.raises(leasehold.ClosedError) as error:
            election.run_once("1", unreachable)
        refused.append(str(error.value))

    with election:
        election.wait_for_leadership(LIMIT)
    assert ["waits for its listeners" in it for it in refused] == [True]


@pytest.mark.parametrize(
    "awaited",
    [lambda call: call, asyncio.gather, asyncio.shield, partial(asyncio.wait_for, timeout=LIMIT)],
    ids=["itself", "gather", "shield", "wait_for"],
)
def test_nor_is_an_asynchronous_one(
    awaited: Callable[[Coroutine[Any, Any, bool]], Awaitable[object]], settings: dict[str, Any]
) -> None:
    refused: list[str] = []

    async def main() -> None:
        election = leasehold.aio.LeaderElection(**settings)

        @election.on_lost
        async def begin_again(_: leasehold.Term, __: str) -> None:
            with pytest.raises(leasehold.ClosedError) as error:
                await awaited(election.run_once("1", unreachable_async))
            refused.append(str(error.value))

        async with election:
            await election.wait_for_leadership(LIMIT)

    asyncio.run(main())
    assert ["waits for its listeners" in it for it in refused] == [True]


def test_nor_is_the_stop_of_an_asynchronous_service(settings: dict[str, Any]) -> None:
    refused: list[str] = []

    async def main() -> None:
        election = leasehold.aio.LeaderElection(**settings)

        async def stop() -> None:
            with pytest.raises(leasehold.ClosedError) as error:
                await election.run_once("1", unreachable_async)
            refused.append(str(error.value))

        election.add_singleton_service(lambda _: None, stop)
        async with election:
            await election.wait_for_leadership(LIMIT)

    asyncio.run(main())
    assert ["waits for its listeners" in it for it in refused] == [True]


def test_but_a_task_that_outlives_it_waits_for_the_stop(settings: dict[str, Any]) -> None:
    started: list[asyncio.Task[bool]] = []

    async def main() -> None:
        election = leasehold.aio.LeaderElection(**settings)

        @election.on_lost
        async def begin_again(_: leasehold.Term, __: str) -> None:
            started.append(asyncio.create_task(election.run_once("1", nothing_async)))

        async with election:
            await election.wait_for_leadership(LIMIT)
        assert await started[0]

    asyncio.run(main())


def test_a_listener_of_an_election_that_runs_has_it_done(settings: dict[str, Any]) -> None:
    done: list[bool] = []
    election = leasehold.LeaderElection(**settings)

    @election.on_acquired
    def begin(_: leasehold.Term) -> None:
        done.append(election.run_once("1", lambda _: None))

    with election:
        eventually("it is done", lambda: done == [True])


def test_what_cannot_be_a_key_and_what_is_asynchronous_is_refused(settings: dict[str, Any]) -> None:
    election = leasehold.LeaderElection(**settings)
    with pytest.raises(leasehold.ConfigError, match="is the variable set"):
        election.run_once("", unreachable)
    with pytest.raises(TypeError):
        election.run_once("1", unreachable_async)
    assert election.status().role == "stopped"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_refused_key_leaves_the_election_to_forked_children(
    program: Callable[..., Program],
) -> None:
    program(
        """
        election = leasehold.LeaderElection(**settings)
        try:
            election.run_once("", print)
        except leasehold.ConfigError:
            pass
        child = os.fork()
        if child == 0:
            election.start().stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """
    ).ends_well()


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
