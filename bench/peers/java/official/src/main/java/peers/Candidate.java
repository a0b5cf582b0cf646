package peers;

import io.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.kubernetes.client.extended.leaderelection.LeaderElector;
import io.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.kubernetes.client.openapi.Configuration;
import io.kubernetes.client.util.Config;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** The official client: by its hooks, and closed at the end. Each term that ends is followed by a new elector. */
public final class Candidate {
    private Candidate() {}

    public static void main(String[] words) throws Exception {
        Sampler.Arguments arguments = Sampler.Arguments.of(words);
        AtomicBoolean leads = new AtomicBoolean();
        AtomicReference<LeaderElector> running = new AtomicReference<>();
        Sampler sampler = new Sampler(() -> {
            LeaderElector elector = running.getAndSet(null);
            if (elector != null) {
                elector.close();
            }
        });
        Configuration.setDefaultApiClient(Config.defaultClient());
        LeaderElectionConfig config = new LeaderElectionConfig(
                new LeaseLock("default", arguments.lease(), arguments.identity()),
                arguments.leaseDuration(),
                arguments.renewDeadline(),
                arguments.retryPeriod());
        LeaderElector first = new LeaderElector(config);
        running.set(first);
        Thread thread = new Thread(() -> {
            LeaderElector elector = first;
            while (running.get() == elector) {
                elector.run(() -> leads.set(true), () -> leads.set(false));
                LeaderElector next = new LeaderElector(config);
                if (!running.compareAndSet(elector, next)) {
                    break;
                }
                elector = next;
            }
        });
        thread.setDaemon(true);
        thread.start();
        sampler.run(leads::get);
    }
}
