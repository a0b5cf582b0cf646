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


class Log:
    """Has `logging` called where it may be. With eventlet that is only the thread of its hub: the
    locks of `logging` are patched, a thread of ours that once waits for one never wakes up, and
    then neither does who waits for it after that.
    """

    _untold: deque[Callable[[], None]] | None = None

    def begin(self) -> None:
        """Called where elections are started, before anything is said."""
        if self._untold is None and _threads.is_patched_by_eventlet():
            from collections import deque

            eventlet = sys.modules["eventlet"]
            self._untold = deque()
            eventlet.spawn_n(self._tell_now_and_then, eventlet.sleep)

    def say(self, tell: Callable[[], None]) -> None:
        """Calls `tell`, which calls `logging`, now or soon. May raise what that raises."""
        if self._untold is None:
            tell()
        else:
            self._untold.append(tell)

    def _tell_now_and_then(self, sleep: Callable[[float], object]) -> None:
        while True:
            self.tell_all()
            sleep(_PERIOD)

    def tell_all(self) -> None:
        """Tells what has not been told yet. Not for threads of ours."""
        while self._untold:
            contained(self._untold.popleft())


def contained(tell: Callable[[], None]) -> None:
    """Calls what may fail in a filter or handler of the application's; the log goes on."""
    import traceback
    from contextlib import suppress

    try:
        tell()
    except BaseException:
        # So it does where the standard error is closed.
        with suppress(Exception):
            traceback.print_exc()
