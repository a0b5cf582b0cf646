"""What threads of our own have to say to `logging`."""

from __future__ import annotations

import sys

from . import _threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

_PERIOD = 0.1
"""How many seconds what is said may wait for a greenlet."""

_MOST = 10_000
"""How much may wait; then the oldest is lost. A hub may be held up for as long as it likes."""


class Log:
    """Has `logging` called where it may be. With eventlet that is only the thread of its hub: the
    locks of `logging` are patched, a thread of ours that once waits for one never wakes up, and
    then neither does who waits for it after that.
    """

    _untold: deque[Callable[[], None]] | None = None
    _is_told = False

    def begin(self) -> None:
        """Called whenever an election is started, before it says anything."""
        if not _threads.is_patched_by_eventlet():
            return
        if self._untold is None:
            from collections import deque

            self._untold = deque(maxlen=_MOST)
        # Another thread, as one of `eventlet.tpool`, has a hub that never runs, and must not tell
        # either: what is said waits for a start on the main thread, or for the end.
        if not self._is_told and _threads.is_main():
            self._is_told = True
            eventlet = sys.modules["eventlet"]
            eventlet.spawn_n(self._tell_now_and_then, eventlet.sleep)

    def say(self, tell: Callable[[], None]) -> None:
        """Calls `tell`, which calls `logging`, now or soon. May raise what that raises."""
        if self._untold is None:
            tell()
        else:
            self._untold.append(tell)

    def _tell_now_and_then(self, sleep: Callable[[float], object]) -> None:
        try:
            while True:
                self.tell_all()
                sleep(_PERIOD)
        finally:
            self._is_told = False

    def tell_all(self) -> None:
        """Tells what has not been told yet. Not for threads of ours.

        Handlers of signals are called meanwhile: what ends the program goes on to end it.
        """
        while self._untold:
            contained(self._untold.popleft(), Exception)


def contained(tell: Callable[[], None], errors: type[BaseException] = BaseException) -> None:
    """Calls what may fail in a filter or handler of the application's; the log goes on."""
    import traceback
    from contextlib import suppress

    try:
        tell()
    except errors:
        # So it does where the standard error is closed.
        with suppress(Exception):
            traceback.print_exc()
