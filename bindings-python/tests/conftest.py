from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Place, Program

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("LEASEHOLD_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Of candidates for one Lease, which expires in no test."""
    return {
        "lease": "jobs",
        "mode": "file",
        "directory": str(tmp_path),
        "lease_duration": 3600,
        "renew_deadline": 1800,
        "retry_period": 0.2,
    }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where candidates of a test meet."""
    return Place(tmp_path / "leases")


@pytest.fixture
def program(place: Place) -> Iterator[Callable[..., Program]]:
    """Runs programs of their own, whose candidates meet in `place`."""
    programs: list[Program] = []

    def start(text: str, **more: Any) -> Program:
        programs.append(Program(text, {**place.settings, **more}))
        return programs[-1]

    yield start
    for each in programs:
        each.kill()
