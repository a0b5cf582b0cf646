package io.leasehold.spring;

import static io.leasehold.spring.ClusterLeaderService.DEFAULT_LOCK;

import io.leasehold.LeaderElection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** One election for each lock. They are made with the context, and closed with it. */
final class Elections implements ClusterLeaderService, AutoCloseable {
    private final Map<String, LeaderElection> byLock = new LinkedHashMap<>();

    Elections(LeaseNames leases, LeaseholdProperties common) {
        try {
            leases.forEach((lock, lease) ->
                    byLock.put(lock, election(lease, common, common.locks().get(lock))));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private static LeaderElection election(String lease, LeaseholdProperties common, LeaseholdProperties own) {
        LeaderElection.Builder builder = lease == null ? LeaderElection.builder() : LeaderElection.builder(lease);
        common.applyTo(builder);
        if (own != null) {
            own.applyTo(builder);
        }
        // Spring ends the work in its own order, and the election after that.
        return builder.stopAtShutdown(false).build();
    }

    @Override
    public Set<String> locks() {
        return Collections.unmodifiableSet(byLock.keySet());
    }

    @Override
    public LeaderElection election(String lock) {
        LeaderElection election = byLock.get(lock);
        if (election == null) {
            String property = lock.equals(DEFAULT_LOCK) ? "leasehold.lease" : "leasehold.locks." + lock + ".lease";
            throw new ApplicationException(
                    "there is no lock `" + lock + "`; configured are " + byLock.keySet(),
                    "name its Lease by " + property + ", or use one of these");
        }
        return election;
    }

    void forEach(BiConsumer<String, LeaderElection> action) {
        byLock.forEach(action);
    }

    @Override
    public void close() {
        byLock.values().forEach(LeaderElection::close);
    }
}
