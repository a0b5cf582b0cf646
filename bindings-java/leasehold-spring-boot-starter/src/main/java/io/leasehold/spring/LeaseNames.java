package io.leasehold.spring;

import static io.leasehold.spring.ClusterLeaderService.DEFAULT_ELECTION;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Which elections there are, and which Lease each is for. */
final class LeaseNames {
    private final Map<String, String> byName = new LinkedHashMap<>();

    /**
     * The default election is there if a name for its Lease is known, so that one more election takes nothing away; and
     * where there is no other.
     */
    LeaseNames(LeaseholdProperties settings, String applicationName) {
        String base = hasText(settings.lease()) ? settings.lease() : hasText(applicationName) ? applicationName : null;
        if (base != null || settings.elections().isEmpty()) {
            // Without a name, the core says what to do.
            byName.put(DEFAULT_ELECTION, base);
        }
        settings.elections().forEach((name, own) -> {
            refuseElectionsOf(name, own);
            byName.put(name, ofNamed(name, own.lease(), base));
        });
        refuseShared(settings.elections());
    }

    private static void refuseElectionsOf(String name, LeaseholdProperties own) {
        if (!own.elections().isEmpty()) {
            throw new ApplicationException(
                    "leasehold.elections." + name + ".elections is not a setting",
                    "an election has none of its own: leave it out");
        }
    }

    private static String ofNamed(String name, String lease, String base) {
        if (hasText(lease)) {
            return lease;
        }
        if (name.equals(DEFAULT_ELECTION)) {
            return base;
        }
        return base == null ? name : base + "-" + name;
    }

    /** Two elections for one Lease would exclude each other, so that one of them never leads. */
    private void refuseShared(Map<String, LeaseholdProperties> elections) {
        Map<String, String> electionOf = new LinkedHashMap<>();
        byName.forEach((name, lease) -> {
            LeaseholdProperties own = elections.get(name);
            String namespace = own == null ? null : own.namespace();
            String other = electionOf.putIfAbsent(namespace + "/" + lease, name);
            if (other != null) {
                throw new ApplicationException(
                        "leasehold.elections: `" + other + "` and `" + name + "` have one Lease, `" + lease
                                + "`, so one of them could never lead",
                        "give each its own, or use one election");
            }
        });
    }

    void forEach(BiConsumer<String, String> action) {
        byName.forEach(action);
    }

    private static boolean hasText(String text) {
        return text != null && !text.isBlank();
    }
}
