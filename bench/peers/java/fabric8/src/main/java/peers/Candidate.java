package peers;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** fabric8: by its callbacks, with a release when it is cancelled. Each term that ends is followed by a new start. */
public final class Candidate {
    private Candidate() {}

    public static void main(String[] words) throws Exception {
        Sampler.Arguments arguments = Sampler.Arguments.of(words);
        AtomicBoolean leads = new AtomicBoolean();
        AtomicReference<CompletableFuture<?>> running = new AtomicReference<>();
        AtomicReference<LeaderElector> elector = new AtomicReference<>();
        Sampler sampler = new Sampler(() -> {
            CompletableFuture<?> election = running.getAndSet(null);
            if (election != null) {
                election.cancel(true);
                elector.get().release();
            }
        });
        KubernetesClient client = new KubernetesClientBuilder().build();
        elector.set(client.leaderElector()
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName(arguments.identity())
                        .withLock(new LeaseLock("default", arguments.lease(), arguments.identity()))
                        .withLeaseDuration(arguments.leaseDuration())
                        .withRenewDeadline(arguments.renewDeadline())
                        .withRetryPeriod(arguments.retryPeriod())
                        .withReleaseOnCancel(true)
                        .withLeaderCallbacks(
                                new LeaderCallbacks(() -> leads.set(true), () -> leads.set(false), identity -> {}))
                        .build())
                .build());
        start(elector.get(), running);
        sampler.run(leads::get);
    }

    private static void start(LeaderElector elector, AtomicReference<CompletableFuture<?>> running) {
        CompletableFuture<?> election = elector.start();
        running.set(election);
        election.whenComplete((ended, failure) -> {
            if (running.get() == election) {
                start(elector, running);
            }
        });
    }
}
