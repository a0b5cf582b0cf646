"""Locks in a folder, which the processes of a host share."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import threading
from collections.abc import Callable
from typing import Any

import leasehold
import pytest
from leasehold import aio
from support import LIMIT, Place, Program, eventually

QUICK = {"lease_duration": 4, "renew_deadline": 3, "retry_period": 0.1}


def settings(place: Place, **more: Any) -> Any:
    """Nothing expires while a test runs, unless it is `QUICK`."""
    given = {**place.settings, "drain_timeout": 120, **more}
    del given["lease"]
    return given


def locks(place: Place, **more: Any) -> leasehold.Locks:
    return leasehold.Locks(**settings(place, **more))


def test_a_lock_is_held_by_one_and_given_back(place: Place) -> None:
    with locks(place) as here, locks(place) as there:
        here.observe("job")
        held = here.try_lock("job")
        assert held is not None
        assert held.name == "job"
        assert held.is_held
        assert held.term.remaining > 0
        assert there.try_lock("job") is None
        assert here.try_lock("job") is None
        assert held.release()
        assert not held.release()
        assert not held.is_held
        with pytest.raises(leasehold.LeadershipLostError):
            held.term.check()
        with pytest.raises(leasehold.LeadershipLostError):
            held.set_limits(at_most=1)
        with there.lock("job", LIMIT) as following:
            assert following.fencing_token > held.fencing_token
        assert not following.is_held


def test_a_wait_ends_with_the_lock_or_says_who_holds_it(place: Place) -> None:
    with locks(place, identity="me") as here, locks(place) as there:
        held = here.lock("job", LIMIT)
        with pytest.raises(leasehold.TimedOutError, match="`me` holds the Lease"):
            there.lock("job", 0.05)
        acquired: queue.Queue[leasehold.HeldLock] = queue.Queue()
        waiting = threading.Thread(target=lambda: acquired.put(there.lock("job")))
        waiting.start()
        held.release()
        acquired.get(timeout=LIMIT).release()
        waiting.join()


def test_a_lock_that_nothing_refers_to_is_given_back(place: Place) -> None:
    with locks(place) as here, locks(place) as there:
        held = here.try_lock("job")
        assert held is not None
        held.on_loss(str)
        del held
        there.lock("job", LIMIT).release()


def listeners() -> set[threading.Thread]:
    return {it for it in threading.enumerate() if it.name == "leasehold-listener"}


def test_no_thread_stays_of_a_lock_that_is_let_go_or_released(place: Place) -> None:
    before = listeners()
    with locks(place) as here:
        for let_go in [True, False]:
            held = here.lock("job", LIMIT)
            held.on_loss(str)
            assert let_go or held.release()
            del held
            eventually("its thread has ended", lambda: listeners() <= before)


def test_a_lock_is_kept_for_its_least_time(place: Place) -> None:
    with locks(place) as here, locks(place) as there:
        held = here.try_lock("job", at_least=3_600)
        assert held is not None
        assert held.release()
        assert here.try_lock("job") is None
        assert there.try_lock("job") is None


def test_work_that_goes_on_for_too_long_is_told(place: Place) -> None:
    with locks(place) as here:
        held = here.try_lock("job", at_most=3_600)
        assert held is not None
        told: queue.Queue[str] = queue.Queue()

        @held.on_loss
        def lost(loss: leasehold.Lost) -> None:
            # It would wait for itself.
            held.release()
            told.put(loss.reason)

        with pytest.raises(RuntimeError, match="callback"):
            held.on_loss(lost)
        held.set_limits(at_most=0.2)
        assert told.get(timeout=LIMIT) == "limit_reached"
        assert not held.is_held


def test_closing_tells_holders_and_waits_for_them(place: Place) -> None:
    here = locks(place)
    held = here.lock("job", LIMIT)
    told: queue.Queue[tuple[str, bool]] = queue.Queue()
    may_end = threading.Event()

    @held.on_loss
    def lost(loss: leasehold.Lost) -> None:
        told.put((loss.reason, loss.time_left > 0))
        may_end.wait()
        held.release()

    closing = threading.Thread(target=here.close)
    closing.start()
    assert told.get(timeout=LIMIT) == ("stopped", True)
    with locks(place) as there:
        assert there.try_lock("job") is None
        may_end.set()
        closing.join()
        there.lock("job", LIMIT).release()
    with pytest.raises(leasehold.ClosedError):
        here.try_lock("job")


def test_settings_and_limits_are_checked(place: Place) -> None:
    with pytest.raises(TypeError, match=r"Locks\(\).*'lease'"):
        leasehold.Locks(lease="jobs")  # type: ignore[call-arg]
    with pytest.raises(leasehold.ConfigError, match="lease_duration"):
        leasehold.Locks(lease_duration=0.5)
    with locks(place) as here:
        with pytest.raises(leasehold.ConfigError, match="at_least"):
            here.try_lock("job", at_most=1, at_least=2)
        with pytest.raises(ValueError, match="zero or more"):
            here.lock("job", -1)


def test_ctrl_c_ends_a_wait(place: Place, program: Callable[..., Program]) -> None:
    with locks(place) as here:
        held = here.lock("job", LIMIT)
        waiting = program(
            """
            del settings["lease"]
            locks = leasehold.Locks(**settings)
            try:
                say("waits")
                locks.lock("job")
            except KeyboardInterrupt:
                say("interrupted")
            """
        )
        waiting.hear("waits")
        waiting.send(signal.SIGINT)
        waiting.hear("interrupted")
        held.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_uses_locks_that_its_parent_has_not(
    program: Callable[..., Program],
) -> None:
    forking = program(
        """
        del settings["lease"]
        fresh, used = leasehold.Locks(**settings), leasehold.Locks(**settings)
        held = used.try_lock("job")
        child = os.fork()
        if child == 0:
            assert not held.is_held
            assert not held.release()
            try:
                used.try_lock("other")
            except leasehold.ForkedError:
                say("forked")
            assert fresh.try_lock("job") is None
            with fresh.lock("other", 60) as lock:
                say(f"held: {lock.is_held}")
            fresh.close()
            os._exit(0)
        os.waitpid(child, 0)
        held.release()
        say("released")
        """
    )
    forking.hear("forked")
    forking.hear("held: True")
    forking.hear("released")


# ---- asyncio -----------------------------------------------------------------------------------


def test_the_locks_of_asyncio(place: Place) -> None:
    async def main() -> None:
        async with (
            aio.Locks(**settings(place, identity="me")) as here,
            aio.Locks(**settings(place)) as there,
        ):
            await here.observe("job")
            held = await here.try_lock("job")
            assert held is not None
            assert await there.try_lock("job") is None
            with pytest.raises(leasehold.TimedOutError, match="`me` holds the Lease"):
                await there.lock("job", 0.05)
            waiting = asyncio.create_task(_enter(there))
            # The waiter may have it before that is confirmed.
            await held.release()
            assert not await held.release()
            assert await waiting
            held = await here.lock("job", LIMIT)
            assert await held.release()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_no_thread_stays_of_a_lock_of_asyncio_that_is_let_go_or_released(place: Place) -> None:
    async def main() -> None:
        async with aio.Locks(**settings(place)) as here:
            for let_go in [True, False]:
                held = await here.lock("job", LIMIT)
                assert let_go or await held.release()
                del held
                while not listeners() <= before:
                    await asyncio.sleep(0.01)

    before = listeners()
    asyncio.run(asyncio.wait_for(main(), LIMIT))


async def _enter(locks: aio.Locks) -> bool:
    async with locks.lock("job") as lock:
        return lock.is_held


def test_a_wait_that_is_cancelled_wants_nothing_any_more(place: Place) -> None:
    async def main() -> None:
        async with aio.Locks(**settings(place)) as here:
            held = await here.lock("job", LIMIT)
            waiting = asyncio.create_task(_enter(here))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await held.release()
            await (await here.lock("job", LIMIT)).release()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_a_block_is_cancelled_when_its_lock_is_lost(place: Place) -> None:
    async def main() -> None:
        async with aio.Locks(**settings(place, **QUICK)) as here:
            with pytest.raises(leasehold.LeadershipLostError):
                await _work(here)
            # Nothing is left of it: the Lease expires.
            await (await here.lock("job", LIMIT)).release()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


async def _work(locks: aio.Locks) -> None:
    async with locks.lock("job", LIMIT, at_most=0.2) as lock:
        assert (await lock.lost()).reason == "limit_reached"
        await asyncio.sleep(3_600)


def test_locks_that_nothing_refers_to_end(place: Place) -> None:
    here = locks(place)
    here.lock("job", LIMIT).release()
    del here
    with locks(place) as there:
        eventually("it is free", lambda: (it := there.try_lock("job")) and it.release())
