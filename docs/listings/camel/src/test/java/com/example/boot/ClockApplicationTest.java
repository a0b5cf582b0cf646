package com.example.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.camel.LeaseholdClusterService;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.cluster.CamelClusterService;
import org.apache.camel.cluster.CamelClusterView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Two applications and a folder. The Lease expires in an hour, so that another leads because it was released. */
class ClockApplicationTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    Path folder;

    @Test
    void theRouteRunsInOneApplicationAndThenInAnother() throws Exception {
        try (ConfigurableApplicationContext first = start("first")) {
            ticks(first);
            eventually(() -> service(first).isLeader("lock2"));
            try (ConfigurableApplicationContext second = start("second")) {
                assertEquals(Set.of(service(second)), camel(second).hasServices(CamelClusterService.class));
                CamelClusterView view = service(second).getView("lock1");
                eventually(() -> view.getLeader().isPresent());
                assertEquals("first", view.getLeader().orElseThrow().getId());
                BlockingQueue<String> leaders = new LinkedBlockingQueue<>();
                view.addEventListener((CamelClusterEventListener.Leadership) (it, leader) -> {
                    if (leader != null) {
                        leaders.add(leader.getId());
                    }
                });
                NotifyBuilder none =
                        new NotifyBuilder(camel(second)).whenDone(1).create();
                ticks(first);
                assertFalse(none.matches());
                first.close();
                String next = leaders.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
                // It may have been added before it was to hear of the first.
                if ("first".equals(next)) {
                    next = leaders.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
                }
                assertEquals("second", next);
                ticks(second);
                eventually(() -> service(second).isLeader("lock2"));
            }
        }
    }

    private ConfigurableApplicationContext start(String name) {
        return new SpringApplicationBuilder(ClockApplication.class)
                .run(
                        "--spring.application.name=clock",
                        "--leasehold.mode=file",
                        "--leasehold.directory=" + folder,
                        "--leasehold.identity=" + name,
                        "--leasehold.lease-duration=3600s",
                        "--leasehold.renew-deadline=1800s");
    }

    private static CamelContext camel(ConfigurableApplicationContext application) {
        return application.getBean(CamelContext.class);
    }

    private static LeaseholdClusterService service(ConfigurableApplicationContext application) {
        return camel(application).hasService(LeaseholdClusterService.class);
    }

    /** Waits until its route has run once more. */
    private static void ticks(ConfigurableApplicationContext application) {
        assertTrue(new NotifyBuilder(camel(application)).whenDone(1).create().matches(LIMIT_SECONDS, TimeUnit.SECONDS));
    }

    private static void eventually(BooleanSupplier holds) {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!holds.getAsBoolean()) {
            assertTrue(System.nanoTime() < limit);
            try {
                Thread.sleep(10);
            } catch (InterruptedException ended) {
                throw new AssertionError(ended);
            }
        }
    }
}
