package io.leasehold.spring;

import static io.leasehold.spring.ClusterLeaderService.DEFAULT_ELECTION;

import io.leasehold.ConfigException;
import io.leasehold.LeaderCall;
import io.leasehold.LeaderElection;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** All elections. They are made with the context, and closed with it. */
final class Elections implements ClusterLeaderService, AutoCloseable {
    private static final Log LOG = LogFactory.getLog(ClusterLeaderService.class);
    /** An election takes some requests; a context that nobody answers is not to wait for long. */
    private static final Duration WAIT_AT_STARTUP = Duration.ofSeconds(10);

    private final Map<String, LeaderElection> byName = new LinkedHashMap<>();
    private final WorkUnderWay workUnderWay = new WorkUnderWay();
    private final LeaseholdProperties settings;
    private final ShutdownLimits limits;

    Elections(LeaseNames leases, LeaseholdProperties settings, ShutdownLimits limits) {
        this.settings = settings;
        this.limits = limits;
        try {
            leases.forEach((name, lease) -> byName.put(name, election(name, lease)));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private LeaderElection election(String name, String lease) {
        LeaderElection.Builder builder = lease == null ? LeaderElection.builder() : LeaderElection.builder(lease);
        LeaseholdProperties own = settings.elections().get(name);
        settings.applyTo(builder);
        if (own != null) {
            own.applyTo(builder);
        }
        limits.applyTo(builder, name, drainTimeout(own));
        try {
            // Spring ends the work in its own order, and the election after that.
            return builder.stopAtShutdown(false).build();
        } catch (ConfigException wrong) {
            throw ofElection(name, own, wrong);
        }
    }

    /** Null if nobody has set it. */
    private Duration drainTimeout(LeaseholdProperties own) {
        return own != null && own.drainTimeout() != null ? own.drainTimeout() : settings.drainTimeout();
    }

    /** A Lease that is called after its election is put right there, and not in the application's name. */
    private static ConfigException ofElection(String name, LeaseholdProperties own, ConfigException wrong) {
        boolean calledAfterElection = own != null && own.lease() == null && !name.equals(DEFAULT_ELECTION);
        return calledAfterElection && wrong.getMessage().startsWith("lease = ")
                ? new ApplicationException(
                        "the Lease of the election `" + name + "` is called after it: " + wrong.getMessage(),
                        "rename the election, or name its Lease by leasehold.elections." + name + ".lease")
                : wrong;
    }

    @Override
    public Set<String> electionNames() {
        return Collections.unmodifiableSet(byName.keySet());
    }

    @Override
    public LeaderElection election(String name) {
        LeaderElection election = byName.get(name);
        if (election == null) {
            String declare = name.equals(DEFAULT_ELECTION)
                    ? "name its Lease by leasehold.lease"
                    : "declare it, by `" + name
                            + ":` under leasehold.elections in YAML (without `{}`, which Spring drops), or by "
                            + "leasehold.elections." + name + ".lease";
            throw new ApplicationException(
                    "there is no election `" + name + "`; configured are " + byName.keySet(),
                    declare + ", or use one of these");
        }
        return election;
    }

    @Override
    public <T, E extends Exception> Optional<T> callIfLeader(String name, LeaderCall<T, E> work) throws E {
        return ClusterLeaderService.super.callIfLeader(name, term -> workUnderWay.during(term, work));
    }

    /**
     * Waits until it is known who leads: until then nobody does, and what is due at startup would be skipped everywhere.
     */
    void awaitLeaders() throws InterruptedException {
        long begun = System.nanoTime();
        for (Map.Entry<String, LeaderElection> each : byName.entrySet()) {
            Duration limit = waitAtStartup(each.getKey());
            Duration waited = Duration.ofNanos(System.nanoTime() - begun);
            boolean known = KnownLeader.await(each.getValue(), limit.minus(waited));
            if (!known && !limit.isZero()) {
                LOG.warn("nobody is known to lead `" + each.getKey() + "` after leasehold.wait-at-startup of "
                        + limit.toMillis() / 1000.0 + " s; guarded jobs that are due now are skipped: "
                        + each.getValue().status().whyNotLeading());
            }
        }
    }

    private Duration waitAtStartup(String name) {
        LeaseholdProperties own = settings.elections().get(name);
        Duration ofElection = own == null ? null : own.waitAtStartup();
        Duration given = ofElection == null ? settings.waitAtStartup() : ofElection;
        return given == null ? WAIT_AT_STARTUP : given;
    }

    /** Spring's own time for the work is over. What goes on is interrupted as Spring does, unless it waits for that. */
    void interruptWork() {
        if (limits.interrupts()) {
            workUnderWay.interrupt();
        }
    }

    void forEach(BiConsumer<String, LeaderElection> action) {
        byName.forEach(action);
    }

    @Override
    public void close() {
        byName.values().forEach(LeaderElection::close);
    }
}
