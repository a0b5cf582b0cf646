"""What an answer costs in Python, beside a look at the clock, measured by pyperf."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pyperf

LEADS = (
    "import leasehold;"
    "election = leasehold.LeaderElection('bench', mode='always');"
    "election.start();"
    "election.wait_for_leadership()"
)
# 3 processes with 4 values each, of at least a tenth of a second.
EFFORT = ["--processes", "3", "--values", "4", "--warmups", "1", "--min-time", "0.1", "--quiet"]


def values(statement: str, setup: str) -> list[float]:
    """Returns how long `statement` takes each time, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "values.json")
        timeit = [sys.executable, "-m", "pyperf", "timeit", *EFFORT, "--output", output]
        command = [*timeit, "--inherit-environ", "PYTHONPATH", "--setup", setup, statement]
        subprocess.run(command, check=True, stdout=sys.stderr)
        return list(pyperf.Benchmark.load(output).get_values())


def say(measure: str, samples: list[float]) -> None:
    """Prints a line of the contract in `bench/src/probes.rs`."""
    print(json.dumps({"measure": measure, "samples": samples}), flush=True)


say("answer", values("election.is_leader", LEADS))
say("clock", values("monotonic_ns()", "from time import monotonic_ns"))
