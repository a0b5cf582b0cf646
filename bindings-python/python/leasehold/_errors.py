"""What can be raised. The native module finds its exceptions here."""

from __future__ import annotations


class LeaseholdError(Exception):
    """Anything that went wrong. The message says what was attempted and what would help."""

    def __init__(self, message: str, kind: str = "internal") -> None:
        super().__init__(message)
        self.kind = kind
        """What went wrong, in a word: one of `leasehold.types.ErrorKind`."""

    def __reduce__(self) -> tuple[type[LeaseholdError], tuple[str, str]]:
        return type(self), (str(self), self.kind)


class ConfigError(LeaseholdError, ValueError):
    """A setting is wrong: the message names the field, its value and the fix."""


class ForbiddenError(LeaseholdError):
    """The API server refuses a verb: grant the Role that the message prints."""


class LeadershipLostError(LeaseholdError):
    """This instance is not, or no longer, the leader: stop the guarded work."""


class ForkedError(LeaseholdError):
    """This process is a fork of the one that started the election: start one of its own."""


class ClosedError(LeaseholdError):
    """The election has been stopped, or was never started."""


class TimedOutError(LeaseholdError, TimeoutError):
    """It took too long; the message says why, such as who holds the Lease."""


_CLASSES: dict[str, type[LeaseholdError]] = {
    "config": ConfigError,
    "forbidden": ForbiddenError,
    "leadership_lost": LeadershipLostError,
    "forked": ForkedError,
    "closed": ClosedError,
    "timed_out": TimedOutError,
}


def error_of_kind(kind: str, message: str) -> LeaseholdError:
    """The exception for a kind of error; those that no program tells apart are `LeaseholdError`."""
    return _CLASSES.get(kind, LeaseholdError)(message, kind)
