"""One candidate, and what is held back for a case."""

from __future__ import annotations

import ctypes
import json
import os
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import leasehold
from leasehold.types import Event
from locking import Locking
from sampler import PERIOD, Sampler
from wire import of_error, of_event, of_status, of_term, say

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Listeners:
    """The term that was acquired last, and what listeners and work are held back by."""

    def __init__(self) -> None:
        self.acquired: leasehold.Term | None = None
        self.losses = threading.Semaphore(0)
        self.work = threading.Semaphore(0)

    def listener(self, name: str, hold_losses: bool) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, leasehold.Acquired):
                self.acquired = event.term
            say({"candidate": name, **of_event(event)})
            if hold_losses and isinstance(event, leasehold.Lost):
                self.losses.acquire()

        return listen


class Candidate(Locking):
    """One candidate: each command that the driver may ask for is a method of its name."""

    def __init__(self, name: str, config: dict[str, Any], hold_losses: bool) -> None:
        super().__init__(name, config)
        self.listeners = Listeners()
        self.election = leasehold.LeaderElection(**config)
        self.election.add_listener(self.listeners.listener(name, hold_losses))

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
                self.listeners.work.acquire()
            return True

        return self.election.run_if_leader(work) is not None

    def run_once(self, key: str, hold: bool = False, fails: str | None = None) -> bool | str:
        class FailedError(Exception):
            pass

        def work(term: leasehold.Term) -> None:
            say({"candidate": self.name, "event": "working", "term": of_term(term)})
            if hold:
                self.listeners.work.acquire()
            if fails is not None:
                raise FailedError(fails)

        try:
            return self.election.run_once(key, work)
        except FailedError:
            return "failed"

    def claim(self, job: str, due: int, within: float | None = None) -> bool:
        moment = EPOCH + timedelta(milliseconds=due)
        if within is None:
            return self.election.claim(job, moment)
        return self.election.claim_missed(job, moment, within)

    def last_firing(self, job: str) -> int | None:
        last = self.election.last_firing(job)
        return None if last is None else (last - EPOCH) // timedelta(milliseconds=1)

    def check_term(self) -> None:
        assert self.listeners.acquired is not None, "a term was acquired"
        self.listeners.acquired.check()

    def sample(self, renew_deadline: float) -> None:
        name = self.name
        # Not the election itself: it must stop when nothing else refers to it.
        election = weakref.ref(self.election)

        def report(is_leader: bool, moment: int) -> None:
            say({"candidate": name, "is_leader": is_leader, "at": moment})

        def run() -> None:
            sampler = Sampler(renew_deadline, report)
            while (sampled := election()) is not None:
                sampler.sample(sampled)
                del sampled
                time.sleep(PERIOD)

        threading.Thread(target=run, daemon=True).start()

    def add_listener(self, named: str) -> None:
        self.election.add_listener(self.listeners.listener(named, False))

    def acknowledge(self) -> None:
        self.listeners.losses.release()

    def finish(self) -> None:
        self.listeners.work.release()

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

        assert self.listeners.acquired is not None, "a term was acquired"
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                answer = {
                    "is_leader": self.election.is_leader,
                    "is_valid": self.listeners.acquired.is_valid,
                    "check_term": raised(self.listeners.acquired.check),
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
