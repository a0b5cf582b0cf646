"""What the documentation shows of work that runs once."""

from __future__ import annotations

from pathlib import Path

import leasehold

migrations: list[int] = []


def migrate(fence: int) -> None:
    """Stands for what must be done once."""
    migrations.append(fence)


def test_a_migration_runs_once_for_each_version(tmp_path: Path) -> None:
    election = leasehold.LeaderElection(
        "shop-migration", mode="file", directory=tmp_path, lease_duration=3600, renew_deadline=1800
    )
    version = "1.4.2"

    here = election.run_once(version, lambda term: migrate(fence=term.fencing_token))

    assert here
    assert not election.run_once(version, lambda term: migrate(fence=term.fencing_token))
    assert len(migrations) == 1
