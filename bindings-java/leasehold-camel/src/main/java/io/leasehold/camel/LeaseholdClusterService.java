package io.leasehold.camel;

import io.leasehold.LeaderElection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.camel.cluster.CamelPreemptiveClusterService;
import org.apache.camel.cluster.CamelPreemptiveClusterView;
import org.apache.camel.support.cluster.AbstractCamelClusterService;

/**
 * Camel's cluster service, by an election for each view: {@code master:lock1:…} and {@code getView("lock1")} are about one
 * Lease.
 *
 * <pre>{@code
 * camelContext.addService(new LeaseholdClusterService());
 * }</pre>
 *
 * <p>A context has one cluster service, or one that its {@code Selector} chooses: this one takes the place of another.
 */
public final class LeaseholdClusterService extends AbstractCamelClusterService<LeaseholdClusterView>
        implements CamelPreemptiveClusterService {
    private final Function<String, LeaderElection.Builder> elections;
    private final List<LeaseholdClusterView> views = new CopyOnWriteArrayList<>();

    /** The Lease of a view is called as the view; all other settings come from the environment. */
    public LeaseholdClusterService() {
        this(LeaderElection::builder);
    }

    /**
     * With the settings of the elections.
     *
     * @param elections gives those of a view, by its name
     */
    public LeaseholdClusterService(Function<String, LeaderElection.Builder> elections) {
        super("leasehold");
        this.elections = Objects.requireNonNull(elections, "elections");
    }

    @Override
    public CamelPreemptiveClusterView getView(String namespace) throws Exception {
        return (CamelPreemptiveClusterView) super.getView(namespace);
    }

    @Override
    protected LeaseholdClusterView createView(String namespace) {
        // Camel ends its routes at the end of the JVM, and the elections after them.
        LeaderElection election =
                elections.apply(namespace).stopAtShutdown(false).build();
        LeaseholdClusterView view = new LeaseholdClusterView(this, namespace, election);
        views.add(view);
        return view;
    }

    /** Camel stops its services after its routes: here all Leases are released. */
    @Override
    protected void doStop() throws Exception {
        super.doStop();
        views.forEach(LeaseholdClusterView::awaitRelease);
    }

    @Override
    protected void doShutdown() throws Exception {
        super.doShutdown();
        views.forEach(LeaseholdClusterView::shutdown);
    }
}
