package io.leasehold.camel;

import io.leasehold.ClosedException;
import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.Loss;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.cluster.CamelClusterMember;
import org.apache.camel.cluster.CamelPreemptiveClusterView;
import org.apache.camel.support.cluster.AbstractCamelClusterView;

/**
 * The election of one name. Each listener is called on a thread of its own, and the Lease is not given to another
 * before all have returned and {@link MasterRoutes} have ended.
 *
 * <p>There is no membership: members are this instance, and the leader that the Lease names.
 */
final class LeaseholdClusterView extends AbstractCamelClusterView implements CamelPreemptiveClusterView {
    private final LeaderElection election;
    private final Map<CamelClusterEventListener, Telling> listeners = new ConcurrentHashMap<>();
    private volatile boolean disabled;

    LeaseholdClusterView(LeaseholdClusterService service, String namespace, LeaderElection election) {
        super(service, namespace);
        this.election = election;
        election.addListener(new LeadershipListener() {
            @Override
            public void lost(Loss loss) {
                new MasterRoutes(getCamelContext(), namespace).awaitEnd(loss);
            }
        });
    }

    @Override
    public Optional<CamelClusterMember> getLeader() {
        CamelClusterMember local = getLocalMember();
        if (local.isLeader()) {
            return Optional.of(local);
        }
        try {
            String holder = election.status().holder();
            // What the Lease says of this instance, which does not lead, is out of date.
            return Optional.ofNullable(holder)
                    .filter(it -> !it.equals(local.getId()))
                    .map(Leader::new);
        } catch (ClosedException shutDown) {
            // A listener may hear of the end so late.
            return Optional.empty();
        }
    }

    @Override
    public CamelClusterMember getLocalMember() {
        return new Local(election);
    }

    @Override
    public List<CamelClusterMember> getMembers() {
        return Stream.concat(Stream.of(getLocalMember()), getLeader().filter(it -> !it.isLocal()).stream())
                .toList();
    }

    @Override
    public void addEventListener(CamelClusterEventListener listener) {
        if (listener instanceof CamelClusterEventListener.Leadership leadership) {
            listeners.computeIfAbsent(listener, it -> {
                Telling telling = new Telling(this, leadership);
                telling.begin(election);
                return telling;
            });
        }
    }

    @Override
    public void removeEventListener(CamelClusterEventListener listener) {
        Telling telling = listener == null ? null : listeners.remove(listener);
        if (telling != null) {
            telling.end();
        }
    }

    @Override
    public boolean isDisabled() {
        return disabled;
    }

    /** A view that is disabled gives up leadership, and does not take part. */
    @Override
    public void setDisabled(boolean disabled) {
        this.disabled = disabled;
        if (disabled) {
            election.requestStop();
        } else if (isStarted()) {
            takePart();
        }
    }

    @Override
    protected void doStart() {
        if (!disabled) {
            takePart();
        }
    }

    /** Not waited for: the route that lets go of its view stops its consumer next. */
    @Override
    protected void doStop() {
        election.requestStop();
    }

    @Override
    protected void doShutdown() {
        election.close();
    }

    private void takePart() {
        // One that is about to stop would end.
        election.stop();
        election.start();
    }

    void awaitRelease() {
        election.stop();
    }

    private record Local(LeaderElection election) implements CamelClusterMember {
        @Override
        public String getId() {
            return election.status().identity();
        }

        @Override
        public boolean isLeader() {
            return election.isLeader();
        }

        @Override
        public boolean isLocal() {
            return true;
        }
    }

    /** Another instance. */
    private record Leader(String getId) implements CamelClusterMember {
        @Override
        public boolean isLeader() {
            return true;
        }

        @Override
        public boolean isLocal() {
            return false;
        }
    }
}
