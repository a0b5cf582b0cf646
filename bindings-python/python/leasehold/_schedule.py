"""Times for which a schedule has firings."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .types import Duration

_BEGINNING = datetime(1970, 1, 2, tzinfo=timezone.utc)


def latest_firing(
    next_after: Callable[[datetime], datetime | None], now: datetime, within: timedelta
) -> datetime | None:
    """The latest firing until `now`, if that is within so long; `next_after` says which one follows
    a time. Looks back further and further, so that few are gone through.
    """
    back = min(timedelta(seconds=1), within)
    while True:
        since = max(now - back, _BEGINNING)
        latest = None
        following = next_after(since)
        while following is not None and since < following <= now:
            latest = since = following
            following = next_after(since)
        if latest is not None or back >= within or since == _BEGINNING:
            return latest
        back = min(2 * back, within, now - _BEGINNING)


def interval(duration: Duration) -> timedelta:
    """A duration, which is in seconds if it is a number."""
    if duration == float("inf"):
        return timedelta.max
    duration = duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
    if duration < timedelta():
        raise ValueError(f"{duration.total_seconds()} s: use zero or more seconds")
    return duration
