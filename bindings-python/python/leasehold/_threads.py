"""Daemon threads of the operating system, also where gevent or eventlet has put greenlets in
their place.

A greenlet that waits in native code would hold up all others.
"""

from __future__ import annotations

import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


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

    def join(limit: float) -> bool:
        ended = has_ended.acquire(timeout=limit)
        if ended:
            has_ended.release()
        return ended

    _start(name, run)
    return join


def _start(name: str, body: Callable[[], None]) -> None:
    if _is_patched():
        _original("start_new_thread")(body, ())
        return
    from threading import Thread

    Thread(target=body, name=name, daemon=True).start()


def lock() -> _thread.LockType:
    """A lock for such threads."""
    made: _thread.LockType = _original("allocate_lock")()
    return made


def _is_patched() -> bool:
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        return True
    return is_patched_by_eventlet()


def is_patched_by_eventlet() -> bool:
    """Whether threads of the application are greenlets of eventlet."""
    eventlet = sys.modules.get("eventlet.patcher")
    return eventlet is not None and bool(eventlet.is_monkey_patched("thread"))


def is_main() -> bool:
    """Whether the application's main thread calls this, in any of its greenlets. For
    eventlet, whose `threading` knows greenlets only.
    """
    threading = sys.modules["eventlet.patcher"].original("threading")
    return bool(threading.get_ident() == threading.main_thread().ident)


def _original(name: str) -> Callable[..., Any]:
    """What `_thread` had under this name before it was patched."""
    if gevent := sys.modules.get("gevent.monkey"):
        original: Callable[..., Any] = gevent.get_original("_thread", name)
        return original
    eventlet = sys.modules.get("eventlet.patcher")
    module = eventlet.original("_thread") if eventlet is not None and _is_patched() else _thread
    function: Callable[..., Any] = getattr(module, name)
    return function
