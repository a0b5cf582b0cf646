"""The question alone, for code that asks it in many places."""

from __future__ import annotations

from ._election import LeaderElection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .types import Duration, Settings


class ClusterLeaderService:
    """Answers "is this the instance that does it?", for an application and for named locks.

    `lease` is the application's own Lease. Each lock is a Lease of that name with an election of
    its own, which starts when the lock is first asked about: the first answer is mostly False,
    since nobody is the leader from one moment to the next. Before `start` and after `stop` all
    answers are False. `settings` are those of
    `LeaderElection`, and the same for all.
    """

    def __init__(self, lease: str | None = None, **settings: Unpack[Settings]) -> None:
        self._settings = settings
        self._application = LeaderElection(lease, **settings)
        self._locks: dict[str, LeaderElection] = {}
        self._runs = False

    def start(self) -> Self:
        """Takes part in the election for the application's Lease: see `LeaderElection.start`."""
        self._runs = True
        self._application.start()
        return self

    def stop(self, drain: Duration | None = None) -> None:
        """Stops all elections, at the same time: see `LeaderElection.stop`."""
        self._runs = False
        elections = [self._application, *self._locks.values()]
        for election in elections:
            election.request_stop(drain)
        for election in elections:
            election.stop(drain)
        self._locks.clear()

    def is_this_instance_leader(self, lock: str | None = None) -> bool:
        """Whether this instance is the application's leader now, or the one that holds `lock`."""
        if lock is None:
            return self._application.is_leader
        election = self._locks.get(lock)
        if election is None:
            election = LeaderElection(lock, **self._settings)
            if not self._runs:
                return False
            # Of two threads that ask first, one adds it; to start it twice is to start it once.
            election = self._locks.setdefault(lock, election)
            election.start()
            if not self._runs:
                # Stopped meanwhile, perhaps before this one was there to be stopped.
                self._locks.pop(lock, None)
                election.stop()
        return self._runs and election.is_leader

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
