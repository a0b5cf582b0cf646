"""What the documentation shows of Celery beat, as from the command line."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).parent
LIMIT = 60


def test_beat_takes_part_and_gives_its_lease_back(tmp_path: Path) -> None:
    settings = {"LEASEHOLD_MODE": "file", "LEASEHOLD_DIRECTORY": str(tmp_path / "leases")}
    words = shlex.split((HERE / "beat.sh").read_text())
    with subprocess.Popen(
        # In short sleeps: Python does not notice a signal that comes on the way into one.
        [sys.executable, "-m", *words, "--max-interval", "1"],
        cwd=tmp_path,
        env={**os.environ, **settings, "PYTHONPATH": str(HERE)},
        stderr=subprocess.PIPE,
        text=True,
    ) as beat:
        limit = threading.Timer(LIMIT, beat.kill)
        limit.start()
        assert beat.stderr is not None
        log = iter(beat.stderr)
        assert any('leading lease="billing-beat"' in line for line in log)
        beat.terminate()
        assert any('stopped lease="billing-beat"' in line for line in log)
        limit.cancel()
