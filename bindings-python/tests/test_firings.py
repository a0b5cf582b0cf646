"""Firings of scheduled jobs, of which each is begun once at most, no matter who leads."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import leasehold
import leasehold.aio
import pytest
from support import LIMIT

DUE = datetime(2024, 2, 29, 3, 0, tzinfo=timezone.utc)


def test_a_firing_is_begun_once_by_one_leader_and_not_by_the_next(settings: dict[str, Any]) -> None:
    with leasehold.LeaderElection(**settings) as first:
        first.wait_for_leadership(LIMIT)
        assert first.last_firing("bill") is None
        assert first.claim("bill", DUE)
        assert not first.claim("bill", DUE.astimezone(timezone(timedelta(hours=1))))
    with leasehold.LeaderElection(**settings) as second:
        second.wait_for_leadership(LIMIT)
        assert not second.claim("bill", DUE)
        assert second.last_firing("bill") == DUE
        missed = DUE + timedelta(days=1)
        assert not second.claim_missed("bill", missed, within=3600)
        assert second.claim_missed("bill", missed, within=timedelta.max)
        assert not second.claim_missed("bill", missed, within=timedelta.max)


def test_claims_are_awaited_too(settings: dict[str, Any]) -> None:
    async def main() -> list[bool]:
        async with leasehold.aio.LeaderElection(**settings) as election:
            await election.wait_for_leadership(LIMIT)
            claims = [election.claim("bill", DUE) for _ in range(3)]
            return sorted(await asyncio.gather(*claims))

    assert asyncio.run(main()) == [False, False, True]


def test_who_does_not_lead_begins_nothing(settings: dict[str, Any]) -> None:
    with pytest.raises(leasehold.ClosedError):
        leasehold.LeaderElection(**settings).claim("bill", DUE)


def test_a_time_without_a_zone_is_none(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        leasehold.LeaderElection(**settings).claim("bill", DUE.replace(tzinfo=None))
