package io.leasehold.spring;

import static io.leasehold.spring.ClusterLeaderService.DEFAULT_LOCK;

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

/** One election for each lock. They are made with the context, and closed with it. */
final class Elections implements ClusterLeaderService, AutoCloseable {
    private static final Log LOG = LogFactory.getLog(ClusterLeaderService.class);
    /** An election takes some requests; a context that nobody answers is not to wait for long. */
    private static final Duration WAIT_AT_STARTUP = Duration.ofSeconds(10);

    private final Map<String, LeaderElection> byLock = new LinkedHashMap<>();
    private final WorkUnderWay workUnderWay = new WorkUnderWay();
    private final LeaseholdProperties settings;
    private final ShutdownLimits limits;

    Elections(LeaseNames leases, LeaseholdProperties settings, ShutdownLimits limits) {
        this.settings = settings;
        this.limits = limits;
        try {
            leases.forEach((lock, lease) -> byLock.put(lock, election(lock, lease)));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private LeaderElection election(String lock, String lease) {
        LeaderElection.Builder builder = lease == null ? LeaderElection.builder() : LeaderElection.builder(lease);
        LeaseholdProperties own = settings.locks().get(lock);
        settings.applyTo(builder);
        if (own != null) {
            own.applyTo(builder);
        }
        limits.applyTo(builder, lock, drainTimeout(own));
        try {
            // Spring ends the work in its own order, and the election after that.
            return builder.stopAtShutdown(false).build();
        } catch (ConfigException wrong) {
            throw ofLock(lock, own, wrong);
        }
    }

    /** Null where nobody has set it. */
    private Duration drainTimeout(LeaseholdProperties own) {
        return own != null && own.drainTimeout() != null ? own.drainTimeout() : settings.drainTimeout();
    }

    /** A Lease that is called after its lock is put right there, and not in the application's name. */
    private static ConfigException ofLock(String lock, LeaseholdProperties own, ConfigException wrong) {
        boolean calledAfterLock = own != null && own.lease() == null && !lock.equals(DEFAULT_LOCK);
        return calledAfterLock && wrong.getMessage().startsWith("lease = ")
                ? new ApplicationException(
                        "the Lease of the lock `" + lock + "` is called after it: " + wrong.getMessage(),
                        "rename the lock, or name its Lease by leasehold.locks." + lock + ".lease")
                : wrong;
    }

    @Override
    public Set<String> locks() {
        return Collections.unmodifiableSet(byLock.keySet());
    }

    @Override
    public LeaderElection election(String lock) {
        LeaderElection election = byLock.get(lock);
        if (election == null) {
            String declare = lock.equals(DEFAULT_LOCK)
                    ? "name its Lease by leasehold.lease"
                    : "declare it, by `" + lock + ":` under leasehold.locks in YAML (without `{}`, which Spring drops), or by "
                            + "leasehold.locks." + lock + ".lease";
            throw new ApplicationException(
                    "there is no lock `" + lock + "`; configured are " + byLock.keySet(), declare + ", or use one of these");
        }
        return election;
    }

    @Override
    public <T, E extends Exception> Optional<T> callIfLeader(String lock, LeaderCall<T, E> work) throws E {
        return ClusterLeaderService.super.callIfLeader(lock, term -> workUnderWay.during(term, work));
    }

    /**
     * Waits until it is known who leads: until then nobody does, and what is due at startup would be skipped everywhere.
     */
    void awaitLeaders() throws InterruptedException {
        long begun = System.nanoTime();
        for (Map.Entry<String, LeaderElection> each : byLock.entrySet()) {
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

    private Duration waitAtStartup(String lock) {
        LeaseholdProperties own = settings.locks().get(lock);
        Duration ofLock = own == null ? null : own.waitAtStartup();
        Duration given = ofLock == null ? settings.waitAtStartup() : ofLock;
        return given == null ? WAIT_AT_STARTUP : given;
    }

    /** Spring's own time for the work is over. What goes on is interrupted as Spring does, unless it is told to wait. */
    void interruptWork() {
        if (limits.interrupts()) {
            workUnderWay.interrupt();
        }
    }

    void forEach(BiConsumer<String, LeaderElection> action) {
        byLock.forEach(action);
    }

    @Override
    public void close() {
        byLock.values().forEach(LeaderElection::close);
    }
}
