package io.leasehold.spring;

import io.leasehold.LeaderElection;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * How long Spring lets work go on when the context stops, as far as its settings say. The Lease must be held for as long:
 * otherwise the work goes on beside the next leader's.
 */
record ShutdownLimits(Map<String, Duration> byProperty, boolean interrupts) {
    private static final Log LOG = LogFactory.getLog(ClusterLeaderService.class);

    private static final String PHASE = "spring.lifecycle.timeout-per-shutdown-phase";
    private static final Collection<String> POOLS =
            List.of("spring.task.scheduling.shutdown", "spring.task.execution.shutdown");
    private static final String CAMEL = "camel.main.shutdown-timeout";
    /** Camel's own, if that is not set. */
    private static final Duration CAMELS_USUAL = Duration.ofSeconds(45);
    /** Boot's own limit of a phase. It is shorter than a drain limit that is not set, and a Lease that expires after it. */
    private static final Duration USUAL_PHASE = Duration.ofSeconds(30);

    static ShutdownLimits of(Environment environment) {
        Binder binder = Binder.get(environment);
        Map<String, Duration> limits = new LinkedHashMap<>();
        binder.bind(PHASE, Duration.class).ifBound(limit -> limits.put(PHASE, limit));
        boolean interrupts = true;
        for (String pool : POOLS) {
            String period = pool + ".await-termination-period";
            binder.bind(period, Duration.class).ifBound(limit -> limits.put(period, limit));
            interrupts &=
                    !binder.bind(pool + ".await-termination", Boolean.class).orElse(false);
        }
        return new ShutdownLimits(limits, interrupts);
    }

    /** And how long Camel lets exchanges go on. */
    static ShutdownLimits ofCamel(Environment environment) {
        ShutdownLimits limits = of(environment);
        limits.byProperty.put(
                CAMEL,
                Binder.get(environment)
                        .bind(CAMEL, Integer.class)
                        .map(Duration::ofSeconds)
                        .orElse(CAMELS_USUAL));
        return limits;
    }

    /** Follows what is longer than usual, unless the drain limit is set: then says if it is too short. */
    void applyTo(LeaderElection.Builder builder, String name, Duration drainTimeout) {
        Map.Entry<String, Duration> longest = byProperty.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElse(Map.entry(PHASE, Duration.ZERO));
        Duration limit = longest.getValue();
        if (drainTimeout == null && limit.compareTo(USUAL_PHASE) > 0) {
            builder.drainTimeout(limit);
            LOG.info(subject(name, limit) + ", as is " + longest.getKey());
        } else if (drainTimeout != null && limit.compareTo(drainTimeout) > 0) {
            LOG.warn(subject(name, drainTimeout) + ", but Spring may let work go on for " + seconds(limit)
                    + " when the context stops (" + longest.getKey()
                    + "), and another instance may lead meanwhile: raise "
                    + "it to that, or leave it out, and it follows");
        }
    }

    private static String subject(String name, Duration drainTimeout) {
        return "leasehold.drain-timeout of `" + name + "` is " + seconds(drainTimeout);
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() / 1000.0 + " s";
    }
}
