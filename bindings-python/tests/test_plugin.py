"""The fixtures that applications test with."""

from __future__ import annotations

import sys

import pytest


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


def test_our_own_tests_run_what_is_installed() -> None:
    """Not the source folder, which lacks the native library."""
    import leasehold

    assert leasehold.__file__.startswith(sys.prefix)
