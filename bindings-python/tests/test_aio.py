"""The API of programs that run on asyncio."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import leasehold
import pytest
from leasehold import aio
from leasehold.testing import FakeAsyncLeaderElection
from leasehold.types import Event
from support import LIMIT, Place, Program, eventually


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, LIMIT), debug=True)


def candidate(place: Place, **more: Any) -> aio.LeaderElection:
    return aio.LeaderElection(**{**place.settings, **more})


def test_a_candidate_leads_within_a_with_block_and_not_after() -> None:
    async def main() -> None:
        async with aio.LeaderElection("jobs", mode="always") as election:
            term = await election.wait_for_leadership(LIMIT)
            assert election.is_leader
            assert election.term == term
        assert not election.is_leader
        assert await election.start() is election
        assert (await election.wait_for_leadership()).fencing_token > term.fencing_token
        await election.stop()
        await election.stop(drain=0)

    run(main())


def test_a_wait_that_ends_in_vain_says_why(fake_async_election: FakeAsyncLeaderElection) -> None:
    async def main() -> None:
        with pytest.raises(leasehold.ClosedError):
            await fake_async_election.wait_for_leadership()
        async with fake_async_election as election:
            with pytest.raises(leasehold.TimedOutError, match="not the leader of `fake`"):
                await election.wait_for_leadership(0.01)

    run(main())


def test_a_wait_can_be_cancelled(fake_async_election: FakeAsyncLeaderElection) -> None:
    async def main() -> None:
        async with fake_async_election as election:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(election.wait_for_leadership(), 0.01)
            entering = asyncio.ensure_future(election.leading().__aenter__())
            await asyncio.sleep(0.01)
            entering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await entering
            while any(it.name == "leasehold-call" for it in threading.enumerate()):
                await asyncio.sleep(0.01)
            # Neither has left work behind that would hold up the stop.
            await election.acquire()

    run(main())


def test_listeners_run_in_the_loop_one_call_after_another(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    loop_thread: list[int] = []

    @fake_async_election.on_acquired
    async def begin(term: leasehold.Term) -> None:
        loop_thread.append(threading.get_ident())
        await asyncio.sleep(0)
        told.put_nowait(f"acquired {term.fencing_token}")

    @fake_async_election.on_lost
    def end(term: leasehold.Term, reason: str) -> None:
        told.put_nowait(f"lost {term.fencing_token}: {reason}")

    async def main() -> None:
        async with fake_async_election as election:
            token = (await election.acquire()).fencing_token
            assert await told.get() == f"acquired {token}"
            await election.lose()
            assert await told.get() == f"lost {token}: superseded"
        assert loop_thread == [threading.get_ident()]

    run(main())


def test_a_listener_that_raises_is_logged_and_told_of_the_rest(
    fake_async_election: FakeAsyncLeaderElection, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[object] = []
    has_stopped = asyncio.Event()

    async def raises(event: object) -> None:
        told.append(type(event))
        if isinstance(event, leasehold.Stopped):
            has_stopped.set()
        raise ZeroDivisionError

    async def main() -> None:
        fake_async_election.add_listener(raises)
        async with fake_async_election as election:
            await election.acquire()
        await has_stopped.wait()

    run(main())
    assert [it for it in told if it is not leasehold.LeaderChanged] == [
        leasehold.Acquired,
        leasehold.Lost,
        leasehold.Stopped,
    ]
    assert "a leadership listener raised" in caplog.text


def test_the_block_is_cancelled_awaited_and_only_then_is_the_lease_released(place: Place) -> None:
    async def main() -> None:
        async with candidate(place, identity="first") as first:
            await first.wait_for_leadership(LIMIT)
            second = candidate(place, identity="second")
            await second.start()
            entered = asyncio.Event()

            async def body() -> None:
                async with first.leading() as term:
                    entered.set()
                    try:
                        await asyncio.sleep(LIMIT)
                    finally:
                        assert not term.is_valid
                        assert first.status().role == "draining"
                        # The clean-up awaits as well, and the Lease is still ours.
                        with pytest.raises(leasehold.TimedOutError):
                            await second.wait_for_leadership(0.1)

            work = asyncio.ensure_future(body())
            await entered.wait()
            first.step_down()
            with pytest.raises(leasehold.LeadershipLostError) as it:
                await work
            assert isinstance(it.value.__cause__, asyncio.CancelledError)
            await second.wait_for_leadership(LIMIT)
            await second.stop()

    run(main())


def test_a_block_that_another_cancels_stays_cancelled(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    async def main() -> None:
        async with fake_async_election as election:
            await election.acquire()
            entered = asyncio.Event()

            async def body() -> None:
                async with election.leading():
                    entered.set()
                    await asyncio.sleep(LIMIT)

            work = asyncio.ensure_future(body())
            await entered.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert election.is_leader

    run(main())


def test_a_block_that_raises_raises_that(fake_async_election: FakeAsyncLeaderElection) -> None:
    async def main() -> None:
        async with fake_async_election as election:
            await election.acquire()
            with pytest.raises(ZeroDivisionError):
                async with election.leading():
                    _ = 1 // 0
            async with election.leading(0) as term:
                assert term.is_valid

    run(main())


def test_a_task_goes_on_after_a_block_that_was_cancelled(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    async def main() -> None:
        async with fake_async_election as election:

            async def body() -> None:
                async with election.leading():
                    await election.lose()
                    await asyncio.sleep(LIMIT)

            for _ in range(2):
                await election.acquire()
                with pytest.raises(leasehold.LeadershipLostError):
                    await body()
                await asyncio.sleep(0)

    run(main())


def test_work_runs_on_the_leader_only(fake_async_election: FakeAsyncLeaderElection) -> None:
    @fake_async_election.leader_only
    async def add(a: int, *, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    async def token(term: leasehold.Term) -> int:
        return term.fencing_token

    async def main() -> None:
        async with fake_async_election as election:
            assert await add(1, b=2) is None
            assert await election.run_if_leader(token) is None
            term = await election.acquire()
            assert await add(1, b=2) == 3
            assert await election.run_if_leader(token) == term.fencing_token

    run(main())


def test_work_warns_once_where_nobody_has_started_the_election(
    fake_async_election: FakeAsyncLeaderElection, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(term: leasehold.Term) -> int:
        return term.fencing_token

    async def main() -> None:
        for _ in range(2):
            assert await fake_async_election.run_if_leader(work) is None

    run(main())
    # Of nothing else: asyncio logs each call of the test's own that takes long.
    assert [it for it in caplog.messages if "never started" in it] == [
        "the election for `fake` was never started: await start(), or use `async with`"
    ]


def test_a_singleton_service_runs_with_leadership(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    calls: asyncio.Queue[str] = asyncio.Queue()

    async def start(term: leasehold.Term) -> None:
        await calls.put(f"start {term.fencing_token}")

    def stop() -> None:
        calls.put_nowait("stop")

    async def main() -> None:
        registration = fake_async_election.add_singleton_service(start, stop)
        async with fake_async_election as election:
            for _ in range(2):
                term = await election.acquire()
                assert await calls.get() == f"start {term.fencing_token}"
                await election.lose()
                assert await calls.get() == "stop"
            await election.acquire()
            assert (await calls.get()).startswith("start")
            registration.remove()
            assert await calls.get() == "stop"
        assert calls.empty()

    run(main())


def test_a_singleton_service_is_stopped_though_its_start_lasts(place: Place) -> None:
    calls: list[str] = []

    async def main() -> None:
        let_go = asyncio.Event()

        async def run_until_let_go(_: leasehold.Term) -> None:
            calls.append("start")
            await let_go.wait()
            calls.append("ended")

        async with candidate(place, identity="holder") as election:
            election.add_singleton_service(run_until_let_go, lambda: calls.append("stop"))
            await election.wait_for_leadership(LIMIT)
            while calls != ["start"]:
                await asyncio.sleep(0.01)
            election.request_stop()
            while calls != ["start", "stop"]:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(place.is_held_by, "holder")
            let_go.set()

    run(main())
    # Once more for what it has started since.
    assert calls == ["start", "stop", "ended", "stop"]
    place.is_released()


WORK_UNDER_A_TERM = """
import asyncio
from leasehold import LeadershipLostError, aio

async def work(term):
    # Pauses itself before its first step, soon after a renewal.
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGSTOP)
    while True:
        await asyncio.sleep(0.01)
        say("step" if term.is_valid else "stale step")

async def block(election):
    async with election.leading() as term:
        await work(term)

async def job(election):
    await election.wait_for_leadership()
    await election.run_if_leader(work)

async def main():
    async with aio.LeaderElection(**settings) as election:
        try:
            await {way}(election)
        except LeadershipLostError:
            say("cut short")

asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["block", "job"])
def test_after_a_pause_work_takes_no_step_since_another_leads(
    way: str, program: Callable[..., Program], place: Place
) -> None:
    # Renewed long after the pause: a candidate that is paused while it writes holds up others.
    place.settings |= {"lease_duration": 4, "renew_deadline": 3, "retry_period": 2}
    paused = program(WORK_UNDER_A_TERM.format(way=way))
    eventually("it is paused", paused.is_paused)
    with place.election(identity="another") as another:
        another.wait_for_leadership(LIMIT)
        paused.send(signal.SIGCONT)
        assert paused.hear() == "cut short"


def test_a_blocked_loop_neither_stalls_a_renewal_nor_makes_the_answer_lie() -> None:
    async def main() -> None:
        settings: dict[str, Any] = {"lease_duration": 7, "renew_deadline": 6, "retry_period": 0.2}
        election = aio.LeaderElection("jobs", mode="always", stall_timeout=6, **settings)
        async with election:
            term = await election.wait_for_leadership(LIMIT)
            # Longer than renew deadline and stall timeout.
            time.sleep(7)
            assert term.is_valid

    asyncio.run(main())


def test_a_stop_waits_for_a_block_in_a_blocked_loop(place: Place) -> None:
    async def main() -> None:
        election = candidate(place, identity="first")
        await election.start()
        async with election.leading(LIMIT):
            election.request_stop()
            while election.is_leader:
                pass
            # The loop is blocked, so that the block cannot even be cancelled.
            with place.election() as second, pytest.raises(leasehold.TimedOutError):
                second.wait_for_leadership(0.2)
        await election.stop()

    asyncio.run(main())
    place.is_released()


def test_a_closed_loop_is_no_error(place: Place) -> None:
    election = candidate(place, identity="first")
    election.add_listener(lambda _: None)

    async def main() -> None:
        await election.start()
        await election.wait_for_leadership(LIMIT)

    asyncio.run(main())
    # Nobody is left whose work could go on: what happens now is told to nobody.
    election.request_stop()
    place.is_released()


def test_a_call_that_a_closed_loop_has_left_holds_up_neither_lease_nor_later_calls(
    place: Place,
) -> None:
    election = candidate(place)
    called: list[type] = []
    lost = asyncio.Event()

    @election.add_listener
    async def listen(event: Event) -> None:
        called.append(type(event))
        if isinstance(event, leasehold.Acquired):
            await asyncio.Event().wait()
        if isinstance(event, leasehold.Lost):
            lost.set()

    async def begin() -> None:
        await election.start()
        while leasehold.Acquired not in called:
            await asyncio.sleep(0.001)

    async def go_on() -> None:
        async with election:
            election.request_stop()
            await lost.wait()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    # Not as `asyncio.run` does, which cancels what goes on.
    loop.close()
    run(go_on())
    place.is_released()


def noting_posts(loop: asyncio.AbstractEventLoop) -> threading.Semaphore:
    """Is released for each call that another thread hands to `loop` from now on."""
    posted = threading.Semaphore(0)
    post = loop.call_soon_threadsafe

    def note(*call: Any, **more: Any) -> asyncio.Handle:
        try:
            return post(*call, **more)
        finally:
            posted.release()

    loop.call_soon_threadsafe = note  # type: ignore[method-assign, assignment]
    return posted


def test_a_service_that_was_removed_in_a_loop_that_is_closed_holds_nothing_up(place: Place) -> None:
    election = candidate(place)
    started, stopped = asyncio.Event(), asyncio.Event()
    registration = election.add_singleton_service(lambda _: started.set(), stopped.set)

    async def main() -> None:
        await election.start()
        await started.wait()
        posted = noting_posts(loop)
        registration.remove()
        # Its stop is handed to this loop, which takes no further step.
        assert posted.acquire(timeout=LIMIT)
        loop.stop()

    loop = asyncio.new_event_loop()
    ran = loop.create_task(main())
    loop.run_forever()
    loop.close()
    ran.result()
    election.request_stop()
    place.is_released()
    assert not stopped.is_set()


def test_a_listener_that_is_removed_before_the_loop_comes_to_it_is_not_called(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    calls: list[str] = []

    async def main() -> None:
        async with fake_async_election as election:
            await election.acquire()
            posted = noting_posts(asyncio.get_running_loop())
            service = election.add_singleton_service(
                lambda _: calls.append("start"), lambda: calls.append("stop")
            )
            listener = election.add_listener(lambda _: calls.append("listener"))
            # Both are on their way to the loop, which takes no step before they are removed.
            for _ in range(2):
                assert posted.acquire(timeout=LIMIT)
            for each in (service, listener):
                each.remove()
            for each in (service, listener):
                assert each._listening is not None
                assert await asyncio.to_thread(each._listening.join, LIMIT)

    run(main())
    assert not calls


def test_an_election_goes_on_in_the_loop_in_which_it_was_started_last() -> None:
    election = aio.LeaderElection("jobs", mode="always")
    terms: list[leasehold.Term] = []
    election.on_acquired(terms.append)

    async def main() -> None:
        async with election:
            term = await election.wait_for_leadership(LIMIT)
            while term not in terms:
                await asyncio.sleep(0.001)

    run(main())
    run(main())
    assert len(terms) == 2
