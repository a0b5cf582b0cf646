# mypy: disallow-subclassing-any=False
"""What the documentation shows of Django: `management/commands/bill.py` of an application."""

import time

import leasehold
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bills, on one of the replicas that run this command."

    def handle(self, *args: object, **options: object) -> None:
        leasehold.exit_on_sigterm()
        with leasehold.LeaderElection("monolith-jobs") as election:
            while True:
                election.run_if_leader(lambda term: self.stdout.write("billing"))
                time.sleep(1)
