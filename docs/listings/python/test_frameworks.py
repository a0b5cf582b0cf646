"""What the documentation shows of frameworks, as from the command line: SIGTERM hands over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import leasehold
import pytest

HERE = Path(__file__).parent
LIMIT = 60

DJANGO = """
from django.conf import settings
settings.configure()
import django
django.setup()
from command import Command
Command().execute(force_color=False, no_color=True, skip_checks=True)
"""


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "uvicorn", "scheduler:app", "--port", "0"],
        ["-m", "uvicorn", "claimed:app", "--port", "0"],
        ["-c", DJANGO],
    ],
    ids=["FastAPI with APScheduler", "firings that are claimed", "Django"],
)
def test_sigterm_hands_the_lease_over(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "MODE": "file",
        "DIRECTORY": str(tmp_path),
        "LEASE_DURATION": "3600",
        "RENEW_DEADLINE": "1800",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"LEASEHOLD_{name}", value)
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        limit = threading.Timer(LIMIT, program.kill)
        limit.start()
        assert program.stdout is not None
        assert program.stdout.readline().startswith("billing")
        # Between two jobs, not in the middle of one.
        time.sleep(0.3)
        program.send_signal(signal.SIGTERM)
        program.stdout.read()
        program.wait(LIMIT)
        limit.cancel()
    with leasehold.LeaderElection("monolith-jobs") as successor:
        successor.wait_for_leadership(LIMIT)
