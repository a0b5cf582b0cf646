"""Functions that an election is given, whose work has to end, or be awaited, under a term."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future
    from typing import Any, ParamSpec, TypeVar

    from typing_extensions import TypeIs

    P = ParamSpec("P")
    T = TypeVar("T")


def plain(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, which must have done its work when it returns, or return its `Future`: what it
    leaves to be awaited would run under no term. Raises TypeError, as soon as that can be known.
    """
    # Not imported with the package, since it takes longer than all the rest.
    from collections.abc import Coroutine
    from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction

    callable_(function)
    if _is(iscoroutinefunction, function) or _is(isasyncgenfunction, function):
        raise TypeError(f"`{name(function)}` is asynchronous: {_USE_AIO}")
    if _is(isgeneratorfunction, function):
        raise TypeError(f"`{name(function)}` is a generator function: {_RUNS_LATER}")

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        outcome = function(*args, **kwargs)
        if not isawaitable(outcome):
            return ended(function, outcome)
        if isinstance(outcome, Coroutine):
            # It has not begun.
            outcome.close()
        raise TypeError(f"`{name(function)}` returned a `{type(outcome).__name__}`: {_USE_AIO}")

    call.__qualname__ = name(function)
    return call


def callable_(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, which must be one. Raises TypeError on what a function has returned."""
    if callable(function):
        return function
    # A coroutine: nobody will await it, which is said here already.
    getattr(function, "close", lambda: None)()
    given = type(function).__name__
    raise TypeError(f"a `{given}` is not a function: pass the function itself, do not call it")


def ended(function: Callable[..., object], outcome: T) -> T:
    """What `function` has returned. Raises TypeError where its work goes on, or has not begun, and
    nobody could wait for it.
    """
    from inspect import isasyncgen, isgenerator

    if isgenerator(outcome) or isasyncgen(outcome) or _goes_on(outcome):
        kind = type(outcome).__name__
        raise TypeError(f"`{name(function)}` returned a `{kind}`: {_RUNS_LATER}")
    return outcome


def _goes_on(outcome: object) -> bool:
    """Of modules that are there already, if anything of theirs is."""
    return any(
        isinstance(outcome, kind) and goes_on(outcome)
        for module, class_, goes_on in _UNAWAITED
        if (kind := getattr(sys.modules.get(module), class_, None)) is not None
    )


_UNAWAITED: list[tuple[str, str, Callable[[Any], bool]]] = [
    ("threading", "Thread", lambda thread: thread.is_alive()),
    ("subprocess", "Popen", lambda process: process.poll() is None),
    ("multiprocessing.process", "BaseProcess", lambda process: process.is_alive()),
    ("multiprocessing.pool", "ApplyResult", lambda result: not result.ready()),
]
"""What is no future, and whether it goes on."""


def when_ended(outcome: object, then: Callable[[], object]) -> None:
    """Calls `then` when the work behind an outcome has ended: now, or with its `Future`."""
    if _is_future(outcome):
        outcome.add_done_callback(lambda _: then())
    else:
        then()


def wait(outcome: object) -> object:
    """Waits for the work behind an outcome."""
    return outcome.result() if _is_future(outcome) else outcome


def failure(error: Exception) -> str:
    """The message for others who wait for work that has failed."""
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:
        message = "an error that cannot be shown"
    text = f"{kind}: {message}" if message else kind
    # A surrogate is no text for others.
    return text.encode(errors="replace").decode()


def _is_future(outcome: object) -> TypeIs[Future[object]]:
    futures = sys.modules.get("concurrent.futures")
    return futures is not None and isinstance(outcome, futures.Future)


def awaitable(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """`function`, which must return what can be awaited. Its calls raise TypeError otherwise."""
    from inspect import isawaitable

    callable_(function)

    async def awaited(outcome: Awaitable[T]) -> T:
        return ended(function, await outcome)

    def call(*args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        outcome = function(*args, **kwargs)
        if isawaitable(outcome):
            return awaited(outcome)
        returned = type(outcome).__name__
        raise TypeError(f"`{name(function)}` returned a `{returned}`: {_USE_ASYNC_DEF}")

    return call


def coroutine_function(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """As `awaitable`, and raises TypeError at once where `function` was written as another one."""
    from inspect import iscoroutinefunction, isfunction, unwrap

    # Where a decorator returned another function, it may still return what this one does.
    decorated = unwrap(_without_arguments(function))
    is_known = isfunction(getattr(decorated, "__func__", decorated))
    if is_known and not any(_is(iscoroutinefunction, it) for it in (function, decorated)):
        raise TypeError(f"`{name(function)}` is not a coroutine function: {_USE_ASYNC_DEF}")
    return awaitable(function)


_RUNS_LATER = "its work would go on when the Lease is released; end it before you return"
_USE_AIO = "nobody would await it here; use leasehold.aio.LeaderElection"
_USE_ASYNC_DEF = "there is nothing to await; use `async def`, or leasehold.LeaderElection"


def _is(kind: Callable[[object], bool], function: Callable[..., object]) -> bool:
    function = _without_arguments(function)
    # What an object that can be called does is in its class.
    return kind(function) or kind(type(function).__call__)


def _without_arguments(function: Callable[..., object]) -> Callable[..., object]:
    from functools import partial

    return function.func if isinstance(function, partial) else function


def name(function: Callable[..., object]) -> str:
    """What messages call it."""
    given: str = getattr(_without_arguments(function), "__qualname__", repr(function))
    return given.rpartition("<locals>.")[2]
