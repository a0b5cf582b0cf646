"""Which functions an election calls: work that would outlast its call is refused, and said why."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import leasehold
import pytest
from leasehold import aio
from leasehold.testing import FakeAsyncLeaderElection, FakeLeaderElection
from support import LIMIT, Place, eventually


async def job(*_: object) -> str:
    return "done"


async def several_jobs(*_: object) -> AsyncIterator[str]:
    yield "done"


class Job:
    async def __call__(self, *_: object) -> str:
        return "done"

    async def run(self, *_: object) -> str:
        return "done"


def plain_job(*_: object) -> str:
    return "done"


@functools.wraps(job)
def decorated_job(*_: object) -> Awaitable[str]:
    return job()


TAKERS: dict[str, Callable[[leasehold.LeaderElection, Any], object]] = {
    "leader_only": lambda election, function: election.leader_only(function),
    "run_if_leader": lambda election, function: election.run_if_leader(function),
    "add_listener": lambda election, function: election.add_listener(function),
    "on_acquired": lambda election, function: election.on_acquired(function),
    "on_lost": lambda election, function: election.on_lost(function),
    "start": lambda election, function: election.add_singleton_service(function, plain_job),
    "stop": lambda election, function: election.add_singleton_service(plain_job, function),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize(
    "function", [job, several_jobs, Job(), Job().run, functools.partial(Job(), 1)]
)
def test_what_is_asynchronous_is_refused_by_a_standby_as_well(
    taker: str, function: object, fake_election: FakeLeaderElection
) -> None:
    with pytest.raises(TypeError, match=r"is asynchronous: .* use leasehold.aio.LeaderElection"):
        TAKERS[taker](fake_election, function)


def later(*_: object) -> Iterator[str]:
    yield "done"


@pytest.mark.parametrize("taker", TAKERS)
def test_a_generator_function_is_refused_since_its_body_runs_later(
    taker: str, fake_election: FakeLeaderElection
) -> None:
    for function in (later, functools.partial(later, 1)):
        with pytest.raises(TypeError, match="`later` is a generator function: its work would"):
            TAKERS[taker](fake_election, function)


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("given", [3, None, "job"])
def test_what_is_no_function_is_refused_by_a_standby_as_well(
    taker: str, given: object, fake_election: FakeLeaderElection
) -> None:
    with pytest.raises(TypeError, match="is not a function: pass the function itself"):
        TAKERS[taker](fake_election, given)


def test_work_that_was_called_and_not_passed_is_refused_by_a_standby_as_well(
    fake_election: FakeLeaderElection, fake_async_election: FakeAsyncLeaderElection
) -> None:
    with pytest.raises(TypeError, match="a `coroutine` is not a function"):
        fake_election.run_if_leader(job())  # type: ignore[arg-type]
    takers: list[Callable[[Any], object]] = [
        fake_async_election.add_listener,
        fake_async_election.on_lost,
        lambda given: asyncio.run(fake_async_election.run_if_leader(given)),
    ]
    for take in takers:
        with pytest.raises(TypeError, match="a `coroutine` is not a function"):
            take(job())


@pytest.mark.parametrize("function", [lambda: later(), lambda: several_jobs()])
def test_work_that_returns_a_generator_is_an_error(
    function: Any, fake_election: FakeLeaderElection
) -> None:
    fake_election.acquire()
    with pytest.raises(TypeError, match="generator`: its work would go on"):
        fake_election.leader_only(function)()


def returning(outcome: object) -> Callable[[object], object]:
    return lambda _: outcome


def test_work_that_leaves_a_thread_or_a_process_is_an_error(
    fake_election: FakeLeaderElection,
) -> None:
    fake_election.acquire()
    let_go = threading.Event()
    thread = threading.Thread(target=let_go.wait)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    thread.start()
    with process:
        for left in (thread, process):
            with pytest.raises(TypeError, match=f"returned a `{type(left).__name__}`: its work"):
                fake_election.run_if_leader(returning(left))
        process.kill()
    let_go.set()
    thread.join()
    for ended in (thread, process):
        assert fake_election.run_if_leader(returning(ended)) is ended


def test_the_lease_is_held_until_a_future_is_done(place: Place) -> None:
    let_go = threading.Event()
    with ThreadPoolExecutor() as pool, place.election(identity="holder") as election:
        election.wait_for_leadership(LIMIT)
        future = election.run_if_leader(lambda _: pool.submit(let_go.wait, LIMIT))
        assert future is not None
        election.request_stop()
        place.is_held_by("holder")
        let_go.set()
        assert future.result() is True
    place.is_released()


@pytest.mark.parametrize("function", [lambda *_: job(), decorated_job])
def test_work_that_turns_out_to_be_asynchronous_is_an_error_and_is_not_begun(
    function: Any, fake_election: FakeLeaderElection
) -> None:
    fake_election.acquire()
    # That nobody awaits it would be a warning, and so a failure.
    with pytest.raises(TypeError, match="returned a `coroutine`: nobody would await it here"):
        fake_election.run_if_leader(function)
    with pytest.raises(TypeError, match="returned a `coroutine`"):
        fake_election.leader_only(function)()


def test_a_task_that_work_leaves_behind_is_an_error(fake_election: FakeLeaderElection) -> None:
    async def main() -> None:
        left: list[asyncio.Task[str]] = []

        def leave_a_task(_: object) -> asyncio.Task[str]:
            left.append(asyncio.create_task(job()))
            return left[0]

        with pytest.raises(TypeError, match="`leave_a_task` returned a `Task`"):
            fake_election.run_if_leader(leave_a_task)
        await left[0]

    fake_election.acquire()
    asyncio.run(main())


def test_a_listener_that_turns_out_to_be_asynchronous_is_logged(
    fake_election: FakeLeaderElection, caplog: pytest.LogCaptureFixture
) -> None:
    fake_election.on_acquired(lambda _: job())
    fake_election.acquire()
    eventually("it is logged", lambda: "returned a `coroutine`" in caplog.text)
    assert "a leadership listener raised" in caplog.text


def test_an_asynchronous_mock_is_asynchronous(fake_election: FakeLeaderElection) -> None:
    fake_election.acquire()
    with pytest.raises(TypeError, match=r"use leasehold\.aio"):
        fake_election.run_if_leader(AsyncMock())


def test_a_mock_is_a_plain_function(fake_election: FakeLeaderElection) -> None:
    work = MagicMock(return_value="done")
    assert fake_election.run_if_leader(work) is None
    term = fake_election.acquire()
    assert fake_election.run_if_leader(work) == "done"
    work.assert_called_once_with(term)


@pytest.mark.parametrize("function", [plain_job, functools.partial(plain_job, 1), several_jobs])
def test_what_is_no_coroutine_function_is_refused_where_it_is_decorated(function: Any) -> None:
    election = aio.LeaderElection("jobs", mode="never")
    with pytest.raises(TypeError, match=r"is not a coroutine function: .* use `async def`"):
        election.leader_only(function)


@pytest.mark.parametrize(
    "function",
    [
        job,
        Job(),
        Job().run,
        functools.partial(job, 1),
        decorated_job,
        AsyncMock(return_value="done"),
    ],
)
def test_what_returns_something_to_await_is_awaited(
    function: Any, fake_async_election: FakeAsyncLeaderElection
) -> None:
    async def main() -> None:
        async with fake_async_election as election:
            await election.acquire()
            assert await election.leader_only(function)() == "done"
            assert await election.run_if_leader(lambda term: function(term)) == "done"

    asyncio.run(main())


def test_work_that_turns_out_not_to_be_asynchronous_is_an_error(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    async def main() -> None:
        async with fake_async_election as election:
            await election.acquire()
            work: Any = plain_job
            with pytest.raises(TypeError, match=r"`plain_job` returned a `str`: .* `async def`"):
                await election.run_if_leader(work)

    asyncio.run(main())
