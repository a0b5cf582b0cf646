"""Each kind of error is one exception."""

from __future__ import annotations

import pickle
from typing import get_args

import leasehold
import pytest
from leasehold import _errors, types
from leasehold.testing import FakeLeaderElection


@pytest.mark.parametrize("kind", get_args(types.ErrorKind))
def test_each_kind_is_one_exception(kind: types.ErrorKind) -> None:
    error = _errors.error_of_kind(kind, "what would help")
    class_name = "".join(word.capitalize() for word in kind.split("_")) + "Error"
    assert type(error) is getattr(leasehold, class_name)
    assert (error.kind, str(error)) == (kind, "what would help")


def test_an_error_survives_its_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(leasehold.ForbiddenError("grant this", "forbidden")))
    assert type(error) is leasehold.ForbiddenError
    assert (error.kind, str(error)) == ("forbidden", "grant this")


def test_a_term_over_is_told_by_its_own_exception(fake_election: FakeLeaderElection) -> None:
    term = fake_election.acquire()
    fake_election.lose()
    with pytest.raises(leasehold.LeadershipLostError) as it:
        term.check()
    assert it.value.kind == "leadership_lost"
