"""Waiting for what must happen, and programs that run beside a test."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import leasehold

LIMIT = 60.0
"""How many seconds a test waits for something that must happen."""


def eventually(what: str, holds: Callable[[], object]) -> None:
    """Waits until `holds` is true."""
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, f"not within {LIMIT} s: {what}"
        time.sleep(0.002)


class Told:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self._events: queue.Queue[object] = queue.Queue()

    def __call__(self, event: object) -> None:
        self._events.put(event)

    def next(self, kind: type) -> Any:
        """Waits for the next event of a kind; those before it are passed over."""
        while True:
            event = self._events.get(timeout=LIMIT)
            if isinstance(event, kind):
                return event


class Place:
    """A folder for candidates of one Lease. It expires in an hour, so that who leads within a test
    does so because it was released; and work may take as long as a test waits."""

    def __init__(self, directory: Path) -> None:
        self.settings: dict[str, Any] = {
            "lease": "jobs",
            "mode": "file",
            "directory": str(directory),
            "lease_duration": 3600,
            "renew_deadline": 1800,
            "retry_period": 1,
            "drain_timeout": 600,
        }

    def election(self, **more: Any) -> leasehold.LeaderElection:
        return leasehold.LeaderElection(**{**self.settings, **more})

    def is_released(self) -> None:
        """Waits until another candidate leads, which it does once the Lease is released."""
        with self.election(identity="successor") as successor:
            successor.wait_for_leadership(LIMIT)

    def is_held_by(self, identity: str) -> None:
        """Waits until another candidate sees who holds the Lease, which may be one that is dead."""
        with self.election(identity="observer", proof_of_death="none") as observer:
            eventually("the holder is seen", lambda: observer.leader is not None)
            assert observer.leader == identity
            assert not observer.is_leader


class Program:
    """A Python program of its own. It finds `settings`, `LIMIT` and `say` defined."""

    PREAMBLE = textwrap.dedent(
        """
        import os, signal, sys, time
        import leasehold
        settings = {settings!r}
        LIMIT = {limit!r}
        def say(*words):
            # One write, since several processes may share the pipe.
            os.write(1, (" ".join(map(str, words)) + "\\n").encode())
        """
    )

    def __init__(self, text: str, settings: dict[str, Any]) -> None:
        text = self.PREAMBLE.format(settings=settings, limit=LIMIT) + textwrap.dedent(text)
        self._start([sys.executable, "-W", "error", "-c", text])

    def _start(self, command: list[str], **more: Any) -> None:
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A group of its own, to end what it has started as well.
            start_new_session=True,
            **more,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._complaints: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_output),
            threading.Thread(target=self._read_complaints),
        ]
        for reader in self._readers:
            reader.start()

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))

    def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._complaints.extend(lines)

    @property
    def pid(self) -> int:
        return self._process.pid

    def hear(self, words: str | None = None) -> str:
        """Waits for the next line that begins with `words`."""
        while True:
            try:
                line = self._lines.get(timeout=LIMIT)
            except queue.Empty:
                raise AssertionError(f"never said {words!r}\n{self.complaints()}") from None
            if words is None or line.startswith(words):
                return line

    def hears_nothing_for(self, seconds: float) -> bool:
        """Whether it says nothing for so long."""
        try:
            self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def complaints(self) -> str:
        """What it has written to its standard error."""
        return "".join(self._complaints)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def is_paused(self) -> bool:
        """Whether a signal has stopped it, so that it may go on."""
        stopped = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        return stopped is not None

    def end(self) -> int:
        """Waits until it ends, and returns its code."""
        try:
            code = self._process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end\n{self.complaints()}") from None
        for reader in self._readers:
            reader.join(LIMIT)
        return code

    def ends_well(self) -> None:
        code = self.end()
        assert code == 0, f"it ended with {code}\n{self.complaints()}"
        assert not self._complaints, self.complaints()

    def kill(self) -> None:
        """Ends it and all that it has started, where they have not ended by themselves."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.end()
