"""The agent of Python: turns lines of JSON, or five arguments, into calls of `leasehold`.

It converts, nothing else.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from functools import partial
from typing import Any

from candidate import Candidate
from take_part import take_part
from wire import answer, say


def make(candidates: dict[str, Candidate], name: str, request: dict[str, Any]) -> None:
    candidates[name] = Candidate(name, **request)


def serve() -> None:
    """Obeys the requests on the standard input."""
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


logging.basicConfig(level=logging.INFO, format="%(message)s")
match sys.argv[1:]:
    case []:
        serve()
    case [lease, identity, *timing] if len(timing) == 3:
        take_part(lease, identity, *timing)
    case _:
        sys.exit("usage: agent.py [LEASE IDENTITY LEASE_S RENEW_S RETRY_S]")
