"""What the elections of a process share: its heartbeat, its log, its fork and its end."""

from __future__ import annotations

import atexit
import os
import sys

from . import _threads
from ._leasehold import Background

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._listeners import Listening

_FAREWELL = 1.0
"""How many seconds callbacks that are told of the end have, before the process ends under them."""


class Process:
    """The state of one process. A forked child begins with a new one: of what it inherits, locks
    may be held for ever, and threads are gone.
    """

    def __init__(self) -> None:
        self.background = Background()
        self.lock = _threads.lock()
        self.listening: set[Listening] = set()
        self._beats = False
        self._has_ended = _threads.lock()

    def ensure_heartbeat(self) -> None:
        """Starts the thread that shows that the interpreter lives, and feeds `logging`."""
        # What the thread needs. Not imported with the package, since it takes longer than all the
        # rest; nor on the thread, since a child that is forked meanwhile would inherit half of it.
        import logging  # noqa: F401
        import traceback  # noqa: F401

        with self.lock:
            if not self._beats:
                self._has_ended.acquire()
                _threads.start("leasehold-heartbeat", self._beat)
                self._beats = True
                self._end_with_worker()

    def _end_with_worker(self) -> None:
        """Ends with a worker of `multiprocessing`, which leaves without `atexit` but calls its own
        finalizers; ours last, since work stops first.
        """
        if util := sys.modules.get("multiprocessing.util"):
            util.Finalize(None, self.end, exitpriority=-100)

    def _beat(self) -> None:
        import logging
        import traceback

        log = logging.getLogger("leasehold")
        while (lines := self.background.beat(log.isEnabledFor(logging.DEBUG))) is not None:
            for level, name, message in lines:
                try:
                    logging.getLogger(name).log(level, "%s", message)
                except BaseException:
                    # Of a filter or handler of the application's. The heart goes on beating.
                    traceback.print_exc()
        self._has_ended.release()

    def end(self) -> None:
        """Stops all elections, so that their Leases are released."""
        if not self._beats:
            return
        try:
            self.background.stop_all()
        finally:
            listening = list(self.listening)
            for listener in listening:
                listener.end()
            self.background.close()
            self._has_ended.acquire(timeout=_FAREWELL)
            for listener in listening:
                listener.join(_FAREWELL)


_current = Process()


def current() -> Process:
    """The state of this process."""
    return _current


def _begin_in_child() -> None:
    global _current
    _current = Process()


def _end() -> None:
    _current.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
atexit.register(_end)
