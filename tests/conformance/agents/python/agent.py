"""The Python agent: turns lines of JSON into calls of `leasehold`, and converts, nothing else."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

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


class Bench:
    """What a candidate's listeners were told, and what they and its work are held back by."""

    def __init__(self) -> None:
        self.told: leasehold.Term | None = None
        self.losses = threading.Semaphore(0)
        self.work = threading.Semaphore(0)

    def listener(self, name: str, hold_losses: bool) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, leasehold.Acquired):
                self.told = event.term
            say({"candidate": name, **of_event(event)})
            if hold_losses and isinstance(event, leasehold.Lost):
                self.losses.acquire()

        return listen


class Candidate:
    """One candidate: each command that the driver may ask for is a method of its name."""

    def __init__(self, name: str, config: dict[str, Any], hold_losses: bool) -> None:
        self.name = name
        self.bench = Bench()
        self.election = leasehold.LeaderElection(**config)
        self.election.add_listener(self.bench.listener(name, hold_losses))

    def start(self) -> None:
        self.election.start()

    def stop(self, drain_timeout: float | None = None) -> None:
        self.election.stop(drain_timeout)

    def step_down(self) -> None:
        self.election.step_down()

    def request_stop(self) -> bool:
        return self.election.request_stop()

    def is_leader(self) -> bool:
        return self.election.is_leader

    def check_health(self, tolerance: float) -> None:
        self.election.check_health(tolerance)

    def remaining(self) -> float:
        return self.election.remaining

    def metrics(self) -> str:
        return self.election.metrics()

    def leader(self) -> str | None:
        return self.election.leader

    def term(self) -> dict[str, object] | None:
        term = self.election.term
        return None if term is None else of_term(term)

    def status(self) -> dict[str, object]:
        return of_status(self.election.status())

    def wait_for_leadership(self, timeout: float) -> dict[str, object]:
        return of_term(self.election.wait_for_leadership(timeout))

    def run_if_leader(self, hold: bool = False) -> bool:
        def work(term: leasehold.Term) -> bool:
            say({"candidate": self.name, "event": "working", "term": of_term(term)})
            if hold:
                self.bench.work.acquire()
            return True

        return self.election.run_if_leader(work) is not None

    def check_term(self) -> None:
        assert self.bench.told is not None, "a term was told"
        self.bench.told.check()

    def add_listener(self, named: str) -> None:
        self.election.add_listener(self.bench.listener(named, False))

    def acknowledge(self) -> None:
        self.bench.losses.release()

    def finish(self) -> None:
        self.bench.work.release()

    def stall(self, seconds: float) -> None:
        # A foreign function that keeps the GIL: no thread of the interpreter runs meanwhile.
        ctypes.PyDLL(None).usleep(int(seconds * 1_000_000))

    def fork(self) -> object:
        def raised(call: Callable[[], object]) -> dict[str, object]:
            try:
                call()
            except leasehold.LeaseholdError as error:
                return of_error(error)
            return {"kind": None}

        assert self.bench.told is not None, "a term was told"
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                answer = {
                    "is_leader": self.election.is_leader,
                    "is_valid": self.bench.told.is_valid,
                    "check_term": raised(self.bench.told.check),
                    "stop": raised(self.election.stop),
                }
                os.write(writing, json.dumps(answer).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading) as answers:
            answer = json.load(answers)
        os.waitpid(child, 0)
        return answer


def make(candidates: dict[str, Candidate], name: str, request: dict[str, Any]) -> None:
    candidates[name] = Candidate(name, **request)


def main() -> None:
    say({"agent": "python", "protocol": 1, "cannot": []})
    candidates: dict[str, Candidate] = {}
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        number, command, name = (request.pop(key) for key in ("id", "do", "candidate"))
        if command == "new":
            answer(number, partial(make, candidates, name, request))
        elif command == "close":
            # It stops when nothing refers to it any more.
            del candidates[name]
            answer(number, lambda: None)
        else:
            obey = partial(getattr(candidates[name], command), **request)
            # On a thread of its own: it may block, and the next line may be what ends that.
            threading.Thread(target=answer, args=(number, obey)).start()
            del obey
    # Let everything through that a case has left waiting.
    for candidate in candidates.values():
        candidate.acknowledge()
        candidate.finish()


main()
