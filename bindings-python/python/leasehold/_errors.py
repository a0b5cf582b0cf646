# Made by `cargo xtask codegen` from core/src. Change it there, or its template.
"""What can be raised. The native module finds its exceptions here."""

from __future__ import annotations

__all__ = [
    "LeaseholdError",
    "ConfigError",
    "ForbiddenError",
    "UnauthorizedError",
    "UnavailableError",
    "TimedOutError",
    "CorruptError",
    "IdentityConflictError",
    "LeadershipLostError",
    "WorkFailedError",
    "ForkedError",
    "ClosedError",
    "InternalError",
]


class LeaseholdError(Exception):
    """Anything that went wrong. The message says what was attempted and what would help."""

    def __init__(self, message: str, kind: str = "internal") -> None:
        super().__init__(message)
        self.kind = kind
        """What went wrong, in a word: one of `leasehold.types.ErrorKind`."""

    def __reduce__(self) -> tuple[type[LeaseholdError], tuple[str, str]]:
        return type(self), (str(self), self.kind)


class ConfigError(LeaseholdError, ValueError):
    """A setting is wrong: the message names the field, its value and the fix. Retrying cannot
    help.
    """


class ForbiddenError(LeaseholdError):
    """The API server refuses a verb: grant the Role that the message prints."""


class UnauthorizedError(LeaseholdError):
    """The credentials were not accepted: they have expired or belong to another cluster."""


class UnavailableError(LeaseholdError):
    """The store cannot be reached or refuses work for now. The election goes on trying."""


class TimedOutError(LeaseholdError, TimeoutError):
    """It took too long: a request, of which nobody knows whether it took effect, or a wait. The
    message says what was waited for.
    """


class CorruptError(LeaseholdError):
    """The stored record cannot be understood: the message says what is wrong with it."""


class IdentityConflictError(LeaseholdError):
    """Another process writes under this candidate's identity: give each its own."""


class LeadershipLostError(LeaseholdError):
    """This instance is not, or no longer, the leader: stop the guarded work."""


class WorkFailedError(LeaseholdError):
    """Work that is to run once has failed as often as it may: the message says with what. It is not
    tried again under this key.
    """


class ForkedError(LeaseholdError):
    """This process is a fork of the one that started the election: start one of its own."""


class ClosedError(LeaseholdError):
    """The election has been stopped or closed, or was never started."""


class InternalError(LeaseholdError):
    """A defect in Leasehold: please report it."""


_CLASSES: dict[str, type[LeaseholdError]] = {
    "config": ConfigError,
    "forbidden": ForbiddenError,
    "unauthorized": UnauthorizedError,
    "unavailable": UnavailableError,
    "timed_out": TimedOutError,
    "corrupt": CorruptError,
    "identity_conflict": IdentityConflictError,
    "leadership_lost": LeadershipLostError,
    "work_failed": WorkFailedError,
    "forked": ForkedError,
    "closed": ClosedError,
    "internal": InternalError,
}


def error_of_kind(kind: str, message: str) -> LeaseholdError:
    """The exception for a kind of error."""
    return _CLASSES[kind](message, kind)
