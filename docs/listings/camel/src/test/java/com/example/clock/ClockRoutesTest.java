package com.example.clock;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.cluster.CamelClusterService;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;

/** What the documentation shows for Camel; in mode {@code always}, which the pom sets. */
class ClockRoutesTest {
    @Test
    void theRouteRunsAndTheListenerIsTold() throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.addRoutes(new ClockRoutes());
            NotifyBuilder ticks = new NotifyBuilder(context).whenDone(1).create();
            context.start();
            assertTrue(ticks.matches(60, TimeUnit.SECONDS));
            CamelClusterService service = context.hasService(CamelClusterService.class);
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!service.isLeader("lock2")) {
                assertTrue(System.nanoTime() < limit);
                Thread.sleep(10);
            }
        }
    }
}
