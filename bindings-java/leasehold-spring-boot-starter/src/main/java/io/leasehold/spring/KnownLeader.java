package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.Mode;
import io.leasehold.Registration;
import io.leasehold.Term;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits until somebody is known to lead, here or elsewhere. */
final class KnownLeader implements LeadershipListener {
    private final CountDownLatch known = new CountDownLatch(1);

    private KnownLeader() {}

    /** Returns whether it was within the limit; at once if this instance never leads. */
    static boolean await(LeaderElection election, Duration limit) throws InterruptedException {
        KnownLeader listener = new KnownLeader();
        try (Registration registration = election.addListener(listener)) {
            return election.isLeader()
                    || election.leader().isPresent()
                    || election.status().mode() == Mode.NEVER
                    || listener.known.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void acquired(Term term) {
        known.countDown();
    }

    @Override
    public void leaderChanged(String holder) {
        if (holder != null) {
            known.countDown();
        }
    }
}
