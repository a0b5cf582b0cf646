"""Why a candidate does not lead, on its standard error."""

from __future__ import annotations

import re
import sys

import leasehold

ANSWERS_PER_LOOK = 50
"""A look takes a lock and memory: not at each answer."""


class Reasons:
    """The last reason that was written."""

    def __init__(self) -> None:
        self.answers = 0
        self.written = ""

    def look_at(self, election: leasehold.LeaderElection) -> None:
        """Writes a reason that is new. That a countdown goes on is no news."""
        self.answers += 1
        if self.answers % ANSWERS_PER_LOOK:
            return
        reason = election.status().why_not_leading or ""
        essence = re.sub(r"\d", "", reason)
        if reason and essence != self.written:
            print(f"not leading: {reason}", file=sys.stderr, flush=True)
        self.written = essence
