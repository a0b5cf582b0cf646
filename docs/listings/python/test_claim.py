"""A firing of a scheduled job that runs once."""

from datetime import datetime, timezone
from pathlib import Path

import leasehold


def test_a_firing_runs_once(tmp_path: Path) -> None:
    sent: list[datetime] = []
    due = datetime(2024, 2, 29, 3, 0, tzinfo=timezone.utc)

    def send_invoices() -> None:
        sent.append(due)

    with leasehold.LeaderElection(
        "billing", mode="file", directory=tmp_path, lease_duration=3600, renew_deadline=1800
    ) as election:
        election.wait_for_leadership(60)

        @election.leader_only
        def fire() -> None:
            if election.claim("billing.invoices", due):
                send_invoices()

        fire()
        fire()
    assert sent == [due]
