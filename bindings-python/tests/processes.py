"""Replicas of an application as processes of their own, and what is done to them.

They elect on a real API server where `REPLICA_FIRST_KUBECONFIG` and its like say how to reach it,
each through a network of its own; else in a folder.
"""

from __future__ import annotations

import json
import os
import textwrap
import urllib.request
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest
from support import LIMIT, Program, eventually

RELEASED = {"LEASEHOLD_LEASE_DURATION": "3600", "LEASEHOLD_RENEW_DEADLINE": "1800"}
"""Who leads after another does so because that one has released."""

EXPIRING = {
    "LEASEHOLD_LEASE_DURATION": "12",
    "LEASEHOLD_RENEW_DEADLINE": "9",
    "LEASEHOLD_RETRY_PERIOD": "1",
}
"""Long enough that a busy machine does not end a term."""

needs_network = pytest.mark.skipif(
    "REPLICA_FIRST_TOXICS" not in os.environ, reason="a folder has no network"
)


class Done(NamedTuple):
    """A firing that was run, for when it was due."""

    firing: int
    by: str
    token: int


def kubeconfig(name: str) -> str | None:
    """How the replica of this name reaches the API server, if there is one."""
    return os.environ.get(f"REPLICA_{name.upper()}_KUBECONFIG")


class Replica(Program):
    """The module `application`, in a folder of its own. It finds its name in `NAME`."""

    def __init__(
        self, folder: Path, name: str, text: str, command: list[str], **environment: str
    ) -> None:
        self.name = name
        self.place = folder / name
        self.place.mkdir()
        (self.place / "application.py").write_text(textwrap.dedent(text))
        access = {"MODE": "kubernetes", "KUBECONFIG": kubeconfig(name)}
        if access["KUBECONFIG"] is None:
            access = {"MODE": "file", "DIRECTORY": str(folder / "leases")}
        settings = {f"LEASEHOLD_{key}": str(value) for key, value in access.items()}
        environment = {**os.environ, **settings, **environment, "NAME": name}
        self._start(command, cwd=self.place, env=environment)

    def is_cut_off(self, cut: bool) -> None:
        """Makes its network silent, or heals it."""
        for direction in ("upstream", "downstream"):
            url = os.environ[f"REPLICA_{self.name.upper()}_TOXICS"]
            toxic = {"type": "timeout", "stream": direction, "attributes": {"timeout": 0}}
            request = urllib.request.Request(url, json.dumps(toxic).encode(), method="POST")
            if not cut:
                request = urllib.request.Request(f"{url}/timeout_{direction}", method="DELETE")
            urllib.request.urlopen(request, timeout=LIMIT).close()


def goes_on(replica: Replica, done: Callable[[], list[Done]], some: int) -> None:
    """Waits until `replica` has done `some` more."""

    def count() -> int:
        return sum(each.by == replica.name for each in done())

    wanted = count() + some
    try:
        eventually(f"{replica.name} works", lambda: count() >= wanted)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{replica.complaints()}") from None


def each_was_done_once(done: list[Done], *turns: Replica) -> None:
    """By one replica after the other, with tokens that grow."""
    firings = [each.firing for each in done]
    assert firings == sorted(set(firings)), done
    tokens = [token for token, _ in groupby(each.token for each in done)]
    assert tokens == sorted(set(tokens)), done
    assert [by for by, _ in groupby(each.by for each in done)] == [each.name for each in turns]
    print(f"{len(done)} done, none twice, {firings[-1] - firings[0] + 1 - len(done)} missed")
