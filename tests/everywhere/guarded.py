"""Two candidates for one Lease, whose settings are in the environment: one runs the job, and hands over."""

import time

import leasehold

LIMIT = 60

lost = []
first = leasehold.LeaderElection().start()
first.on_lost(lambda term, reason: lost.append(reason))
token = first.wait_for_leadership(LIMIT).fencing_token
assert first.run_if_leader(lambda _: "done") == "done"

second = leasehold.LeaderElection().start()
assert second.run_if_leader(lambda _: "done twice") is None
first.stop()
assert lost == ["stopped"], lost
term = second.wait_for_leadership(LIMIT)
assert term.fencing_token > token, (term.fencing_token, token)

QUESTIONS = 1_000_000
begun = time.perf_counter_ns()
answers = sum(second.is_leader for _ in range(QUESTIONS))
nanoseconds = (time.perf_counter_ns() - begun) / QUESTIONS
assert answers == QUESTIONS

second.stop()
try:
    term.check()
except leasehold.LeadershipLostError:
    print(f"guarded; is-leader in {nanoseconds:.0f} ns")
