package io.leasehold.spring;

import static io.leasehold.spring.ClusterLeaderService.DEFAULT_LOCK;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Which locks there are, and which Lease each stands for. */
final class LeaseNames {
    private final Map<String, String> byLock = new LinkedHashMap<>();

    /**
     * The default lock is there wherever a name for its Lease is known, so that one more lock takes nothing away; and where
     * there is no other.
     */
    LeaseNames(LeaseholdProperties settings, String applicationName) {
        String base = hasText(settings.lease()) ? settings.lease() : hasText(applicationName) ? applicationName : null;
        if (base != null || settings.locks().isEmpty()) {
            // Without a name, the core says what to do.
            byLock.put(DEFAULT_LOCK, base);
        }
        settings.locks().forEach((lock, own) -> {
            refuseLocksOf(lock, own);
            byLock.put(lock, ofNamed(lock, own.lease(), base));
        });
        refuseShared(settings.locks());
    }

    private static void refuseLocksOf(String lock, LeaseholdProperties own) {
        if (!own.locks().isEmpty()) {
            throw new ApplicationException(
                    "leasehold.locks." + lock + ".locks is no setting", "a lock has none of its own: leave it out");
        }
    }

    private static String ofNamed(String lock, String lease, String base) {
        if (hasText(lease)) {
            return lease;
        }
        if (lock.equals(DEFAULT_LOCK)) {
            return base;
        }
        return base == null ? lock : base + "-" + lock;
    }

    /** Two elections for one Lease would exclude each other, so that one of the locks is never held. */
    private void refuseShared(Map<String, LeaseholdProperties> locks) {
        Map<String, String> lockOf = new LinkedHashMap<>();
        byLock.forEach((lock, lease) -> {
            LeaseholdProperties own = locks.get(lock);
            String namespace = own == null ? null : own.namespace();
            String other = lockOf.putIfAbsent(namespace + "/" + lease, lock);
            if (other != null) {
                throw new ApplicationException(
                        "leasehold.locks: `" + other + "` and `" + lock + "` have one Lease, `" + lease
                                + "`, so one of them could never lead",
                        "give each its own, or use one lock");
            }
        });
    }

    void forEach(BiConsumer<String, String> action) {
        byLock.forEach(action);
    }

    private static boolean hasText(String text) {
        return text != null && !text.isBlank();
    }
}
