"""What Leasehold does about signals: nothing, unless asked."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def exit_on_sigterm() -> None:
    """Lets SIGTERM end the process as `sys.exit` does, so that `with` blocks are left and Leases
    are released. By itself Python dies of it at once, and the Lease has to expire. For programs
    whose server does not see to it; call it on the main thread.
    """
    import signal

    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
