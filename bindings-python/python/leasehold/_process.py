"""What the elections of a process share: its heartbeat, its log, its fork and its end."""

from __future__ import annotations

import atexit
import os
import sys
from functools import partial
from time import monotonic

from . import _log, _threads
from ._errors import ConfigError
from ._leasehold import Background

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import Any

    from ._listeners import Listening

_DEBUG = 10
"""`logging.DEBUG`."""

_FAREWELL = 1.0
"""How many seconds threads have to end, callbacks included, before the process ends under them."""


class Process:
    """The state of one process. A forked child begins with a new one: of what it inherits, locks
    may never be released, and threads are gone.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.background = Background()
        self.lock = _threads.lock()
        self.listening: set[Listening] = set()
        self.log = _log.Log()
        self._threads: list[Callable[[float], bool]] = []

    def ensure_threads(self) -> None:
        """Starts the thread that shows that the interpreter lives, and the one that feeds
        `logging`: two, so that a handler that blocks does not look like a dead interpreter.
        """
        if uwsgi := sys.modules.get("uwsgi"):
            _check_uwsgi(uwsgi)
        # What they need. Not imported with the package, since it takes longer than all the rest;
        # nor on a thread, since a child that is forked meanwhile would inherit half of it.
        import contextlib  # noqa: F401
        import logging
        import traceback  # noqa: F401

        logger = logging.getLogger("leasehold")
        with self.lock:
            self.log.begin()
            if not self._threads:
                self._threads = [
                    _threads.start("leasehold-heartbeat", partial(self._beat, logger)),
                    _threads.start("leasehold-log", self._pass_log_on),
                ]
                self._end_with_worker()

    def _end_with_worker(self) -> None:
        """Ends with a worker of `multiprocessing`, which leaves without `atexit` but calls its own
        finalizers; ours last, since work stops first.
        """
        if util := sys.modules.get("multiprocessing.util"):
            util.Finalize(None, self.end, exitpriority=-100)

    def _beat(self, logger: logging.Logger) -> None:
        # `logging` may be set up at any time, under its lock, which `isEnabledFor` takes: with
        # eventlet, a thread that once waits for it may never wake up.
        while self.background.beat(logger.getEffectiveLevel() <= _DEBUG):
            pass

    def _pass_log_on(self) -> None:
        import logging

        while (lines := self.background.next_lines()) is not None:
            for level, name, message in lines:
                tell = partial(logging.getLogger(name).log, level, "%s", message)
                _log.contained(partial(self.log.say, tell))

    def end(self) -> None:
        """Stops all elections, so that their Leases are released. May be called twice."""
        threads, self._threads = self._threads, []
        if not threads:
            return
        try:
            self.background.stop_all()
        finally:
            listening = list(self.listening)
            for listener in listening:
                listener.end()
            self.background.close()
            deadline = monotonic() + _FAREWELL
            for join in [*threads, *(listener.join for listener in listening)]:
                join(max(deadline - monotonic(), 0))
            self.log.tell_all()


_current = Process()


def current() -> Process:
    """The state of this process."""
    # A server in C may fork without telling Python.
    if _current.pid != os.getpid():
        _begin_in_child()
    return _current


def _check_uwsgi(uwsgi: Any) -> None:
    """Refuses what would hang or stall. `uwsgi` is a module that only its processes have."""
    if uwsgi.masterpid() == os.getpid():
        # It forks without telling Python: a worker that is forked while a thread of ours has the
        # GIL waits for it forever. Nor does it end Python when it ends: nothing is released.
        raise ConfigError(
            "this is the master of uWSGI, which forks its workers later: start the election in "
            "each worker, in a function under `@uwsgidecorators.postfork`, or set `lazy-apps`",
            "config",
        )
    if not {"enable-threads", "threads"} & set(uwsgi.opt):
        raise ConfigError("uWSGI runs no threads of Python: set `enable-threads`", "config")


def _begin_in_child() -> None:
    global _current
    _current = Process()


def _end() -> None:
    current().end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
atexit.register(_end)
