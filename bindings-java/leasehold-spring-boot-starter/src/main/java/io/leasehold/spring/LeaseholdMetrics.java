package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.LostReason;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.springframework.context.event.EventListener;

/** Meters for each election, called as in every other language, with its Lease and its name as tags. */
final class LeaseholdMetrics implements MeterBinder {
    private final ClusterLeaderService service;
    private final Map<String, LongAdder> acquired = new ConcurrentHashMap<>();
    private final Map<LossKey, LongAdder> lost = new ConcurrentHashMap<>();

    private record LossKey(String election, LostReason reason) {}

    LeaseholdMetrics(ClusterLeaderService service) {
        this.service = service;
    }

    @EventListener
    void acquired(LeadershipAcquiredEvent event) {
        acquired.computeIfAbsent(event.election(), it -> new LongAdder()).increment();
    }

    @EventListener
    void lost(LeadershipLostEvent event) {
        lost.computeIfAbsent(new LossKey(event.election(), event.reason()), it -> new LongAdder())
                .increment();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (String name : service.electionNames()) {
            LeaderElection election = service.election(name);
            bind(
                    name,
                    election,
                    Tags.of("election", name, "name", election.status().lease()),
                    registry);
        }
    }

    private void bind(String name, LeaderElection election, Tags tags, MeterRegistry registry) {
        Gauge.builder("leader.election.master.status", election, it -> it.isLeader() ? 1 : 0)
                .description("1 while this instance leads, else 0")
                .tags(tags)
                .register(registry);
        TimeGauge.builder(
                        "leasehold.remaining",
                        election,
                        TimeUnit.NANOSECONDS,
                        it -> it.remaining().toNanos())
                .description("How long the leadership lasts unless it is renewed")
                .tags(tags)
                .register(registry);
        Gauge.builder("leasehold.failing", election, it -> it.status().failing() == null ? 0 : 1)
                .description("1 while the Lease cannot be read or renewed, else 0")
                .tags(tags)
                .register(registry);
        LongAdder terms = acquired.computeIfAbsent(name, it -> new LongAdder());
        FunctionCounter.builder("leasehold.terms", terms, LongAdder::doubleValue)
                .description("Terms that this instance has led")
                .tags(tags)
                .register(registry);
        for (LostReason reason : LostReason.values()) {
            LongAdder losses = lost.computeIfAbsent(new LossKey(name, reason), it -> new LongAdder());
            FunctionCounter.builder("leasehold.losses", losses, LongAdder::doubleValue)
                    .description("Terms that this instance has lost")
                    .tags(tags.and("reason", reason.name().toLowerCase(Locale.ROOT)))
                    .register(registry);
        }
    }
}
