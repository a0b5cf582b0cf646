"""The question alone, for code that asks it in many places."""

from __future__ import annotations

from ._election import LeaderElection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .types import Duration, Settings


class ClusterLeaderService:
    """Answers "is this the instance that does it?", for an application and for named elections.

    `lease` is the application's own Lease. Each further election is for a Lease of its name, and
    starts when it is first asked about: the first answer is mostly False, since nobody is the
    leader from one moment to the next. Before `start` and after `stop` all answers are False.
    `settings` are those of `LeaderElection`, and the same for all.
    """

    def __init__(self, lease: str | None = None, **settings: Unpack[Settings]) -> None:
        self._settings = settings
        self._application = LeaderElection(lease, **settings)
        self._elections: dict[str, LeaderElection] = {}
        self._runs = False

    def start(self) -> Self:
        """Takes part in the election for the application's Lease: see `LeaderElection.start`."""
        self._runs = True
        self._application.start()
        return self

    def stop(self, drain: Duration | None = None) -> None:
        """Stops all elections, at the same time: see `LeaderElection.stop`."""
        self._runs = False
        elections = [self._application, *self._elections.values()]
        for election in elections:
            election.request_stop(drain)
        for election in elections:
            election.stop(drain)
        self._elections.clear()

    def is_this_instance_leader(self, name: str | None = None) -> bool:
        """Whether this instance is the application's leader now, or that of the election `name`."""
        if name is None:
            return self._application.is_leader
        election = self._elections.get(name)
        if election is None:
            election = LeaderElection(name, **self._settings)
            if not self._runs:
                return False
            # Of two threads that ask first, one adds it; to start it twice is to start it once.
            election = self._elections.setdefault(name, election)
            election.start()
            if not self._runs:
                # Stopped meanwhile, perhaps before this one was there to be stopped.
                self._elections.pop(name, None)
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
