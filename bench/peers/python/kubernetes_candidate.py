"""kubernetes: its election on a thread, by its callbacks. Nothing stops it, and it releases nothing."""

from __future__ import annotations

import threading

from contract import Sampler, arguments
from kubernetes import config
from kubernetes.leaderelection import electionconfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

given = arguments()
leads = threading.Event()
sampler = Sampler(leads.is_set)


def take_part() -> None:
    config.load_kube_config()
    election = electionconfig.Config(
        LeaseLock(given.lease, "default", given.identity),
        lease_duration=given.lease_duration,
        renew_deadline=given.renew_deadline,
        # It takes no shorter one.
        retry_period=max(given.retry_period, 1),
        onstarted_leading=leads.set,
        onstopped_leading=leads.clear,
    )
    while True:
        LeaderElection(election).run()


threading.Thread(target=take_part, daemon=True).start()
sampler.run()
