package io.leasehold.camel;

import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.Loss;
import io.leasehold.Registration;
import io.leasehold.Term;
import java.time.Duration;
import org.apache.camel.cluster.CamelClusterEventListener;

/** Tells one listener of Camel's. To the core, the work goes on until the listener has returned. */
final class Telling implements LeadershipListener {
    /**
     * camel-master starts its consumer a second after it heard, no matter who leads by then: one whose term was
     * shorter hears of its end again until that second is over.
     */
    private static final Duration LATE_START = Duration.ofSeconds(2);

    private static final String MASTER = "org.apache.camel.component.master.";

    private final LeaseholdClusterView view;
    private final CamelClusterEventListener.Leadership listener;
    private Registration registration;
    private volatile boolean ended;
    private long acquired;
    private boolean leads;

    Telling(LeaseholdClusterView view, CamelClusterEventListener.Leadership listener) {
        this.view = view;
        this.listener = listener;
    }

    void begin(LeaderElection election) {
        registration = election.addListener(this);
    }

    void end() {
        ended = true;
        registration.close();
    }

    @Override
    public void acquired(Term term) {
        acquired = System.nanoTime();
        leads = true;
        tell();
    }

    @Override
    public void lost(Loss loss) {
        leads = false;
        tell();
        while (mayStartLate() && !ended && !loss.timeLeft().isZero()) {
            if (!Pause.passes()) {
                return;
            }
            tell();
        }
    }

    private boolean mayStartLate() {
        return listener.getClass().getName().startsWith(MASTER) && System.nanoTime() - acquired < LATE_START.toNanos();
    }

    @Override
    public void leaderChanged(String holder) {
        // That it is this instance, the listener knows already.
        if (!leads) {
            tell();
        }
    }

    private void tell() {
        listener.leadershipChanged(view, view.getLeader().orElse(null));
    }
}
