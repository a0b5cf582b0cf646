"""Settings go to the core as they are, which alone knows defaults and rules."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import leasehold
import pytest

GOOD: dict[str, list[Any]] = {
    "lease": ["jobs"],
    "namespace": ["team"],
    "identity": ["me"],
    "mode": ["auto", "kubernetes", "file", "always", "never"],
    "lease_duration": [20, 20.0, timedelta(minutes=1), "PT20S"],
    "renew_deadline": [9, 9.5, timedelta(seconds=9, milliseconds=500)],
    "retry_period": [1, 0.25, timedelta(milliseconds=250)],
    "drain_timeout": [0, 1e-3, timedelta(0)],
    "stall_timeout": [0, 60],
    "release_on_stop": [True, False],
    "reclaim": [False],
    "proof_of_death": ["none", "local", "pods"],
    "spread": [0, 0.05, timedelta(milliseconds=50)],
    "preference": [0, 1, 2**32 - 1],
    "kubeconfig": ["/etc/kubeconfig", Path("/etc/kubeconfig")],
    "context": ["production"],
    "directory": ["/var/lib/leases", Path("/var/lib/leases")],
    "labels": [{}, {"app.kubernetes.io/name": "shop", "team": ""}],
    "annotations": [{"note": 'one, "two" = \\ and\nthree'}],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, all_ in GOOD.items() for v in all_])
def test_a_setting_is_taken(name: str, value: object) -> None:
    leasehold.LeaderElection(**{"lease": "jobs", name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lease", "Jobs!", "lease = `Jobs!`"),
        ("mode", "master", "mode = `master`: use one of `auto`"),
        ("lease_duration", 10**12, "lease_duration = 1000000000000 s: use at most 2147483647 s"),
        ("lease_duration", 0.5, "lease_duration = 0.5 s: use whole seconds"),
        ("lease_duration", float("nan"), "lease_duration = `nan`"),
        ("renew_deadline", timedelta(seconds=15), "renew_deadline = 15 s: must be shorter"),
        ("retry_period", -1, "retry_period = `-1`"),
        ("reclaim", True, "reclaim = true: .* set `identity`"),
        ("proof_of_death", "all", "proof_of_death = `all`: use one of `none`"),
        ("preference", 0.5, "preference = `0.5`: use a whole number, zero or more"),
        ("preference", True, "preference = `true`: use a whole number, zero or more"),
        ("release_on_stop", "perhaps", "release_on_stop = `perhaps`"),
        ("labels", {"team": "pay ments"}, "labels = `team=pay ments`: use a value of letters"),
        ("labels", {"team": 5}, "labels = {'team': 5}: use a mapping of strings"),
        ("labels", "team=payments", "labels = 'team=payments': use a mapping of strings"),
        ("annotations", {"leasehold.io/a": ""}, "annotations = `leasehold.io/a=`: use another"),
    ],
)
def test_a_wrong_setting_names_field_value_and_fix(name: str, value: Any, message: str) -> None:
    with pytest.raises(leasehold.ConfigError, match=message) as it:
        leasehold.LeaderElection(**{"lease": "jobs", name: value})
    assert isinstance(it.value, ValueError)
    assert it.value.kind == "config"


@pytest.mark.parametrize("name", ["lease", "identity", "mode", "context", "directory"])
def test_a_name_that_is_no_string_is_refused(name: str) -> None:
    with pytest.raises(leasehold.ConfigError, match=f"{name} = 5: use a string, such as '5'"):
        leasehold.LeaderElection(**{"lease": "jobs", name: 5})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make", [leasehold.LeaderElection, leasehold.aio.LeaderElection, leasehold.ClusterLeaderService]
)
def test_a_misspelt_setting_is_one_of_the_class_that_everybody_knows(make: Any) -> None:
    message = r"^LeaderElection\(\) got an unexpected keyword argument 'lease_duraion'"
    with pytest.raises(TypeError, match=message):
        make("jobs", lease_duraion=15)


def test_what_is_left_out_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASEHOLD_LEASE", "from-outside")
    monkeypatch.setenv("LEASEHOLD_MODE", "never")
    status = leasehold.LeaderElection().status()
    assert (status.lease, status.mode) == ("from-outside", "never")
    assert leasehold.LeaderElection("mine").status().lease == "mine"


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASEHOLD_RETRY_PERIOD", "soon")
    with pytest.raises(leasehold.ConfigError, match="LEASEHOLD_RETRY_PERIOD = `soon`"):
        leasehold.LeaderElection("jobs")


def test_no_lease_is_an_error() -> None:
    with pytest.raises(leasehold.ConfigError, match="name the Lease, or set LEASEHOLD_LEASE"):
        leasehold.LeaderElection()


def test_what_a_variable_does_not_fit_is_said_with_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEASEHOLD_LEASE_DURATION", "5s")
    message = r"renew_deadline = 10 s: must be shorter than LEASEHOLD_LEASE_DURATION \(5 s\)"
    with pytest.raises(leasehold.ConfigError, match=message):
        leasehold.LeaderElection("jobs")


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_time_limit_that_makes_no_sense_is_a_value_error(timeout: float) -> None:
    election = leasehold.LeaderElection("jobs", mode="never")
    with pytest.raises(ValueError, match="use zero or more seconds"):
        election.wait_for_leadership(timeout)


@pytest.mark.parametrize("timeout", ["soon", object()])
def test_a_time_limit_that_is_none_is_a_type_error(timeout: Any) -> None:
    election = leasehold.LeaderElection("jobs", mode="never")
    with pytest.raises(TypeError, match="seconds as a number, or a timedelta"):
        election.wait_for_leadership(timeout)
