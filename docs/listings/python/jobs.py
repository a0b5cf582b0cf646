import time

import leasehold

leasehold.exit_on_sigterm()  # else SIGTERM ends Python at once, and the Lease has to expire
with leasehold.LeaderElection("monolith-jobs") as election:
    while True:
        # Runs on one replica only. The Lease is not given to another before it returns.
        election.run_if_leader(lambda term: print("the job, under token", term.fencing_token))
        time.sleep(1)
