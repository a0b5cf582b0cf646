"""Functions that an election is given, whose work has to end, or be awaited, under a term."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")


def plain(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, which must have done its work when it returns: what it leaves to be awaited would
    run under no term. Raises TypeError, as soon as that can be known.
    """
    # Not imported with the package, since it takes longer than all the rest.
    from collections.abc import Coroutine
    from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction

    if _is(iscoroutinefunction, function) or _is(isasyncgenfunction, function):
        raise TypeError(f"`{_name(function)}` is asynchronous: {_USE_AIO}")

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        outcome = function(*args, **kwargs)
        if not isawaitable(outcome):
            return outcome
        if isinstance(outcome, Coroutine):
            # It has not begun.
            outcome.close()
        raise TypeError(f"`{_name(function)}` returned a `{type(outcome).__name__}`: {_USE_AIO}")

    return call


def awaitable(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """`function`, which must return what can be awaited. Its calls raise TypeError otherwise."""
    from inspect import isawaitable

    def call(*args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        outcome = function(*args, **kwargs)
        if isawaitable(outcome):
            return outcome
        returned = type(outcome).__name__
        raise TypeError(f"`{_name(function)}` returned a `{returned}`: {_USE_ASYNC_DEF}")

    return call


def coroutine_function(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """As `awaitable`, and raises TypeError at once where `function` was written as another one."""
    from inspect import iscoroutinefunction, isfunction, unwrap

    # Where a decorator returned another function, it may still return what this one does.
    decorated = unwrap(_without_arguments(function))
    is_known = isfunction(getattr(decorated, "__func__", decorated))
    if is_known and not any(_is(iscoroutinefunction, it) for it in (function, decorated)):
        raise TypeError(f"`{_name(function)}` is no coroutine function: {_USE_ASYNC_DEF}")
    return awaitable(function)


_USE_AIO = "nobody would await it here; use leasehold.aio.LeaderElection"
_USE_ASYNC_DEF = "there is nothing to await; use `async def`, or leasehold.LeaderElection"


def _is(kind: Callable[[object], bool], function: Callable[..., object]) -> bool:
    function = _without_arguments(function)
    # What an object that can be called does stands in its class.
    return kind(function) or kind(type(function).__call__)


def _without_arguments(function: Callable[..., object]) -> Callable[..., object]:
    from functools import partial

    return function.func if isinstance(function, partial) else function


def _name(function: Callable[..., object]) -> str:
    name: str = getattr(_without_arguments(function), "__name__", repr(function))
    return name
