"""From Leasehold's values to JSON, on the standard output."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import leasehold
from leasehold.types import Event

_writing = threading.Lock()


def say(line: object) -> None:
    """Writes one line at once."""
    with _writing:
        print(json.dumps(line), flush=True)


def answer(request: int, command: Callable[[], object]) -> None:
    """Says what a command returns or raises."""
    try:
        say({"id": request, "ok": command()})
    except leasehold.LeaseholdError as error:
        say({"id": request, "error": of_error(error)})


def of_term(term: leasehold.Term) -> dict[str, object]:
    return {
        "fencing_token": str(term.fencing_token),
        "transitions": term.transitions,
        "lease_uid": term.lease_uid,
        "acquisition": term.acquisition,
        "is_valid": term.is_valid,
    }


def of_error(error: leasehold.LeaseholdError) -> dict[str, object]:
    return {"kind": error.kind, "message": str(error)}


def of_status(status: leasehold.Status) -> dict[str, object]:
    token = status.fencing_token
    return {
        "lease": status.lease,
        "mode": status.mode,
        "identity": status.identity,
        "role": status.role,
        "holder": status.holder,
        "why_not_leading": status.why_not_leading,
        "failing": None if status.failing is None else of_error(status.failing),
        "watching": status.watching,
        "fencing_token": None if token is None else str(token),
    }


def of_event(event: Event) -> dict[str, object]:
    match event:
        case leasehold.Acquired(term):
            return {"event": "acquired", "term": of_term(term)}
        case leasehold.Lost(term, reason):
            line = {"event": "lost", "term": of_term(term), "reason": reason}
            return {**line, "has_time_left": event.time_left > 0}
        case leasehold.LeaderChanged(leader):
            return {"event": "leader_changed", "leader": leader}
        case leasehold.RenewalFailing(error):
            return {"event": "renewal_failing", "error": of_error(error)}
        case leasehold.Stopped():
            return {"event": "stopped"}
