"""A subinterpreter cannot import Leasehold, and says so."""

from __future__ import annotations

from collections.abc import Callable

from support import Program


def test_a_subinterpreter_gets_a_clear_import_error(program: Callable[..., Program]) -> None:
    first = program(
        """
import importlib, leasehold.testing
for name in ("_interpreters", "_xxsubinterpreters"):
    try:
        interpreters = importlib.import_module(name)
        break
    except ImportError:
        pass
text = '''
import os
try:
    import leasehold
except ImportError as error:
    os.write(1, f"ImportError: {error}\\\\n".encode())
'''
inner = interpreters.create()
outcome = interpreters.run_string(inner, text)
assert outcome is None, outcome
interpreters.destroy(inner)
with leasehold.testing.FakeLeaderElection("jobs") as election:
    election.acquire()
"""
    )
    assert "subinterpreter" in first.hear("ImportError")
    first.ends_well()
