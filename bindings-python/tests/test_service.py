"""The question alone."""

from __future__ import annotations

import pytest
from leasehold import ClusterLeaderService, ConfigError
from support import LIMIT, Place, eventually


def test_it_answers_for_the_application_and_for_named_elections(place: Place) -> None:
    settings = {name: value for name, value in place.settings.items() if name != "lease"}
    with ClusterLeaderService("jobs", **settings).start() as service:
        eventually("it leads", service.is_this_instance_leader)
        eventually("it leads reports", lambda: service.is_this_instance_leader("reports"))
        with ClusterLeaderService("jobs", **settings) as other:
            assert not other.is_this_instance_leader()
            assert not other.is_this_instance_leader("reports")
            eventually("it leads bills", lambda: other.is_this_instance_leader("bills"))
    assert not service.is_this_instance_leader()
    place.is_released()


def test_it_leads_nothing_before_its_start_and_after_its_stop(place: Place) -> None:
    settings = {name: value for name, value in place.settings.items() if name != "lease"}
    service = ClusterLeaderService("jobs", **settings)
    asked = ["reports", "bills"]
    assert not service.is_this_instance_leader("reports")
    service.start()
    eventually("it leads reports", lambda: service.is_this_instance_leader("reports"))
    service.stop()
    assert not any(map(service.is_this_instance_leader, asked))
    for name in asked:
        # At once, were the question what starts it.
        with place.election(lease=name) as successor:
            successor.wait_for_leadership(LIMIT)
            assert not service.is_this_instance_leader(name)


def test_an_election_needs_a_name_that_a_lease_may_have() -> None:
    with (
        ClusterLeaderService("jobs", mode="always") as service,
        pytest.raises(ConfigError, match="lease = `Not a name`"),
    ):
        service.is_this_instance_leader("Not a name")
