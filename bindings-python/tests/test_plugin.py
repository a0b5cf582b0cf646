"""The fixtures that applications test with."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import leasehold
import pytest
from leasehold.testing import FakeAsyncLeaderElection, FakeLeaderElection


def test_applications_find_the_fixtures_by_themselves(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio

        def bill(election):
            return "billed" if election.is_leader else "left to another"

        def test_only_the_leader_bills(fake_election):
            assert bill(fake_election) == "left to another"
            fake_election.acquire()
            assert bill(fake_election) == "billed"
            fake_election.lose()
            assert bill(fake_election) == "left to another"

        def test_each_test_has_its_own(fake_election):
            assert not fake_election.is_leader

        def test_asynchronous_ones_too(fake_async_election):
            async def main():
                async with fake_async_election as election:
                    term = await election.acquire()
                    assert term.is_valid
                    await election.lose()
                    await election.lose()
                    assert not term.is_valid

            asyncio.run(main())
        """
    )
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=3)


def test_they_go_by_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in [("LEASE_DURATION", "3"), ("MODE", "nonsense"), ("RECLAIM", "true")]:
        monkeypatch.setenv(f"LEASEHOLD_{name}", value)
    with FakeLeaderElection("fake") as election:
        election.acquire()
        assert election.is_leader


def test_our_own_tests_run_what_is_installed() -> None:
    """Not the source folder, which lacks the native library."""
    assert leasehold.__file__.startswith(sys.prefix)


def test_listeners_and_services_have_been_told_when_a_change_returns(
    fake_election: FakeLeaderElection,
) -> None:
    told: list[str] = []

    def slowly(*words: str) -> Callable[..., None]:
        def tell(*_: object) -> None:
            time.sleep(0.05)
            told.extend(words)

        return tell

    fake_election.on_acquired(slowly("acquired"))
    fake_election.on_lost(slowly("lost"))
    fake_election.add_singleton_service(slowly("start"), slowly("stop"))
    for _ in range(3):
        told.clear()
        fake_election.acquire()
        assert sorted(told) == ["acquired", "start"]
        fake_election.lose()
        assert sorted(told) == ["acquired", "lost", "start", "stop"]


def test_asynchronous_listeners_and_services_have_been_told_when_a_change_returns(
    fake_async_election: FakeAsyncLeaderElection,
) -> None:
    told: list[str] = []

    def slowly(word: str) -> Callable[..., Awaitable[None]]:
        async def tell(*_: object) -> None:
            await asyncio.sleep(0.05)
            told.append(word)

        return tell

    async def main() -> None:
        fake_async_election.on_acquired(slowly("acquired"))
        fake_async_election.on_lost(slowly("lost"))
        fake_async_election.add_singleton_service(slowly("start"), slowly("stop"))
        async with fake_async_election as election:
            for _ in range(3):
                told.clear()
                await election.acquire()
                assert sorted(told) == ["acquired", "start"]
                await election.lose()
                assert sorted(told) == ["acquired", "lost", "start", "stop"]

    asyncio.run(main())
