"""Fixtures for pytest, which finds them by itself where `leasehold` is installed.

    def test_only_the_leader_bills(fake_election):
        fake_election.acquire()
        assert bill(fake_election) == "billed"
        fake_election.lose()
        assert bill(fake_election) == "left to another"

They are real elections: see `leasehold.testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .testing import FakeAsyncLeaderElection, FakeLeaderElection


@pytest.fixture
def fake_election() -> Iterator[FakeLeaderElection]:
    """A started `leasehold.testing.FakeLeaderElection`."""
    from .testing import FakeLeaderElection

    with FakeLeaderElection("fake") as election:
        yield election


@pytest.fixture
def fake_async_election() -> FakeAsyncLeaderElection:
    """A `leasehold.testing.FakeAsyncLeaderElection`, to be started in the test's event loop."""
    from .testing import FakeAsyncLeaderElection

    return FakeAsyncLeaderElection("fake")
