"""The lock that is called as the candidate's Lease."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import leasehold
from wire import of_event, of_term, say


class Locking:
    """The commands about that lock."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        self.name = name
        self.config = config
        self.held: leasehold.HeldLock | None = None

    @cached_property
    def locks(self) -> leasehold.Locks:
        return leasehold.Locks(**{key: it for key, it in self.config.items() if key != "lease"})

    def observe(self) -> None:
        self.locks.observe(self.config["lease"])

    def try_lock(
        self, at_most: float | None = None, at_least: float = 0
    ) -> dict[str, object] | None:
        held = self.locks.try_lock(self.config["lease"], at_most=at_most, at_least=at_least)
        return None if held is None else self.keep(held)

    def lock(
        self, timeout: float, at_most: float | None = None, at_least: float = 0
    ) -> dict[str, object]:
        lease = self.config["lease"]
        return self.keep(self.locks.lock(lease, timeout, at_most=at_most, at_least=at_least))

    def keep(self, held: leasehold.HeldLock) -> dict[str, object]:
        name = self.name
        held.on_loss(lambda lost: say({"candidate": name, **of_event(lost)}))
        self.held = held
        return of_term(held.term)

    def is_held(self) -> bool:
        return self.held is not None and self.held.is_held

    def release(self) -> bool:
        return self.held is not None and self.held.release()

    def close_locks(self) -> None:
        self.locks.close()
