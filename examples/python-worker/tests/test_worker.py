"""Real servers, as from the command line: one worker leads, and another when that one goes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import leasehold
import pytest

EXAMPLE = Path(__file__).parents[1]
LIMIT = 60.0
WORKERS = 3
"""How many gunicorn has, by its settings."""


class Server:
    """A server on a port of its own choice."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=EXAMPLE,
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._url = self.says(r"http://127\.0\.0\.1:\d+")

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._said.extend(lines)

    def says(self, words: str, times: int = 1) -> str:
        """Waits until it has said so as often, and returns what it said last."""
        deadline = time.monotonic() + LIMIT
        while len(found := re.findall(words, "".join(self._said))) < times:
            assert time.monotonic() < deadline, "".join(self._said)
            time.sleep(0.01)
        return str(found[-1])

    def get(self, path: str = "/") -> httpx.Response:
        """Asks on a new connection, which any worker may take."""
        return httpx.get(self._url + path, timeout=LIMIT)

    def leader(self) -> dict[str, int | bool]:
        """Waits until a worker that leads has run its job."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            try:
                answer: dict[str, int | bool] = self.get().json()
            except httpx.TransportError:
                # Its workers are not there yet.
                answer = {}
            if answer.get("is_leader") and answer["bills"]:
                return answer
            time.sleep(0.01)
        raise AssertionError("nobody leads")

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(LIMIT)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(LIMIT)
        self._reader.join(LIMIT)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A Lease that expires in an hour, so that who leads does so because it was released."""
    return {
        "LEASEHOLD_MODE": "file",
        "LEASEHOLD_LEASE": "jobs-of-a-pod",
        "LEASEHOLD_DIRECTORY": str(tmp_path / "leases"),
        "LEASEHOLD_LEASE_DURATION": "3600",
        "LEASEHOLD_RENEW_DEADLINE": "1800",
    }


@pytest.fixture
def start(settings: dict[str, str]) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*command: str) -> Server:
        servers.append(Server(list(command), settings))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def test_the_job_runs_on_one_replica_and_on_the_other_when_that_one_ends(
    start: Callable[..., Server],
) -> None:
    uvicorn = ["uvicorn", "worker:app", "--port", "0"]
    first = start(*uvicorn)
    first.leader()
    second = start(*uvicorn)
    assert second.get("/healthz").status_code == 200
    assert second.get().json()["bills"] == 0
    first.terminate()
    second.leader()
    assert 'leader_election_master_status{name="jobs-of-a-pod"} 1' in second.get("/metrics").text


def test_of_several_workers_one_leads(
    start: Callable[..., Server], settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    web = start("gunicorn", "worker:app", "--bind", "127.0.0.1:0", "--no-control-socket")
    first = web.leader()["pid"]
    answers = [web.get().json() for _ in range(50)]
    assert {answer["pid"] for answer in answers if answer["is_leader"]} <= {first}
    assert not any(answer["bills"] for answer in answers if answer["pid"] != first)
    os.kill(int(first), signal.SIGTERM)
    while web.leader()["pid"] == first:
        pass
    # A worker that comes in its place would not heed a signal on its way.
    web.says("Application startup complete", times=WORKERS + 1)
    web.terminate()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with leasehold.LeaderElection("jobs-of-a-pod") as successor:
        successor.wait_for_leadership(LIMIT)
