"""The statements by which a database refuses what must not be done twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

SQL = Path(__file__).parent.parent / "sql"


def test_the_token_of_an_earlier_leader_changes_nothing() -> None:
    """No row changes for it."""
    create, pass_fence = (SQL / "fence.sql").read_text().split("\n\n")
    database = sqlite3.connect(":memory:")
    database.execute(create)
    rows = [
        database.execute(pass_fence, {"token": token}).rowcount
        for token in (204, 204, 237, 204, 237)
    ]
    assert rows == [1, 1, 1, 0, 1]
    assert database.execute("SELECT * FROM fence").fetchall() == [("monthly-invoices", 237)]


def test_a_firing_is_done_once() -> None:
    """No row changes for the second."""
    create, begin = (SQL / "job-run.sql").read_text().split("\n\n")
    database = sqlite3.connect(":memory:")
    database.execute(create)
    firing = {"job": "nightly", "due": "2026-11-21T02:00:00Z"}
    assert [database.execute(begin, firing).rowcount for _ in range(2)] == [1, 0]
