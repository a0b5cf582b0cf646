"""What `import leasehold` brings, and that it brings no more."""

from __future__ import annotations

from collections.abc import Callable

import leasehold
import pytest
from support import Program


def test_modules_of_the_package_are_there_when_asked_for(program: Callable[..., Program]) -> None:
    program(
        """
for it in ("asyncio", "inspect", "logging"):
    assert it not in sys.modules, it
assert leasehold.aio.LeaderElection("jobs", mode="never")
assert leasehold.testing.FakeLeaderElection("jobs")
assert leasehold.types.Mode
"""
    ).ends_well()


def test_a_misspelt_name_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="'leasehold' has no attribute 'LeaderElecton'") as it:
        leasehold.LeaderElecton  # type: ignore[attr-defined]  # noqa: B018
    # From which Python makes its "Did you mean".
    assert (it.value.obj, it.value.name) == (leasehold, "LeaderElecton")
