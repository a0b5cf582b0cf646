"""Leader election on Kubernetes Leases, inside your process.

    import leasehold

    with leasehold.LeaderElection("monolith-jobs") as election:
        if election.is_leader:
            ...  # This instance, and no other, runs the scheduled job.

`leasehold.aio` has the same for asyncio. A `Term` is one uninterrupted leadership and carries a
fencing token; listeners are called at its beginning and its end. The election runs on a thread of
Leasehold's own; its log goes to the logger `leasehold`.
"""

try:
    from ._leasehold import __version__
except ImportError as error:
    # One without a name is the native half's own.
    if error.name is None:
        raise
    from ._missing import explanation

    raise ImportError(explanation(error), name=error.name, path=error.path) from error

from . import _errors
from ._election import LeaderElection
from ._errors import *  # noqa: F403
from ._leasehold import Acquired, LeaderChanged, Lost, RenewalFailing, Status, Stopped, Term
from ._listeners import Registration
from ._locks import HeldLock, Locks
from ._service import ClusterLeaderService
from ._signals import exit_on_sigterm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import aio as aio
    from . import testing as testing
    from . import types as types
else:

    def __getattr__(name):
        """Imports a module of the package when it is asked for: asyncio takes longer than all the
        rest.
        """
        from importlib import import_module

        if name in ("aio", "testing", "types"):
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Acquired",
    "ClusterLeaderService",
    "HeldLock",
    "LeaderChanged",
    "LeaderElection",
    "Locks",
    "Lost",
    "Registration",
    "RenewalFailing",
    "Status",
    "Stopped",
    "Term",
    "__version__",
    "exit_on_sigterm",
]
__all__ += _errors.__all__
