"""The program that the documentation shows for asyncio."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import leasehold
import pytest

PROGRAM = Path(__file__).parent / "consumer.py"


def test_sigterm_hands_the_lease_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Lease expires in an hour, so that another leads only where it was released."""
    settings = {
        "MODE": "file",
        "DIRECTORY": str(tmp_path),
        "LEASE_DURATION": "3600",
        "RENEW_DEADLINE": "1800",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"LEASEHOLD_{name}", value)
    command = [sys.executable, "-u", str(PROGRAM)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as consumer:
        assert consumer.stdout is not None
        try:
            assert consumer.stdout.readline().startswith("consuming, under token")
            consumer.send_signal(signal.SIGTERM)
            assert consumer.wait(60) == 128 + signal.SIGTERM
        finally:
            consumer.kill()
    with leasehold.LeaderElection("monolith-jobs") as successor:
        successor.wait_for_leadership(60)
