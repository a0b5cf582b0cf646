"""Daemon threads of the operating system, also where gevent has put greenlets in their place.

A greenlet that waits in native code would hold up all others.
"""

from __future__ import annotations

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def start(name: str, body: Callable[[], object]) -> Callable[[float], bool]:
    """Runs `body` on a daemon thread of its own. Returns what waits for its end, for so many
    seconds.
    """
    has_ended = lock()
    has_ended.acquire()

    def run() -> None:
        try:
            body()
        finally:
            has_ended.release()

    _start(name, run)
    return lambda limit: has_ended.acquire(timeout=limit)


def _start(name: str, body: Callable[[], None]) -> None:
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        monkey.get_original("_thread", "start_new_thread")(body, ())
        return
    from threading import Thread

    Thread(target=body, name=name, daemon=True).start()


def lock() -> _thread.LockType:
    """A lock for such threads."""
    monkey = sys.modules.get("gevent.monkey")
    allocate = monkey.get_original("_thread", "allocate_lock") if monkey else _thread.allocate_lock
    made: _thread.LockType = allocate()
    return made
