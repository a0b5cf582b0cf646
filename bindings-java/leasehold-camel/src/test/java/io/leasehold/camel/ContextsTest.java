package io.leasehold.camel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.cluster.CamelPreemptiveClusterView;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two contexts and a folder. The Lease expires in an hour, so that another leads because it was released. */
class ContextsTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    Path folder;

    private final List<CamelContext> contexts = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (CamelContext context : contexts) {
            context.close();
        }
    }

    @Test
    void aRouteThatIsStoppedIsSucceededWhenItsExchangeHasEnded() throws Exception {
        // For longer than camel-master takes to start the other's consumer.
        CamelContext first = start("first", 3000);
        eventually("it works", () -> first.getInflightRepository().size("work") > 0);
        start("second", 0);
        first.getRouteController().stopRoute("work");
        eventually("the other works", () -> ledger().countOf("second") >= 2);
        ledger().wasFilledBy("first", "second");
    }

    @Test
    void aTermThatEndsBeforeTheConsumerHasStartedLeavesNoneBehind() throws Exception {
        CamelContext first = context("first", 0);
        CamelPreemptiveClusterView view = view(first);
        view.addEventListener((CamelClusterEventListener.Leadership) (it, leader) -> {
            if (leader != null && leader.isLocal()) {
                view.setDisabled(true);
            }
        });
        first.start();
        eventually("it has led", view::isDisabled);
        start("second", 0);
        eventually("the other works", () -> ledger().countOf("second") >= 50);
        List<String> names = ledger().lines().stream()
                .map(line -> line.split(" ")[0])
                .distinct()
                .toList();
        assertEquals("second", names.get(names.size() - 1));
        ledger().wasFilledBy(names.toArray(String[]::new));
    }

    @Test
    void aViewKnowsWhoLeads() throws Exception {
        CamelContext first = start("first", 0);
        eventually("it leads", () -> view(first).getLocalMember().isLeader());
        CamelContext second = start("second", 0);
        eventually("the leader is known", () -> view(second).getLeader().isPresent());
        assertEquals("first", view(second).getLeader().orElseThrow().getId());
        assertFalse(view(second).getLeader().orElseThrow().isLocal());
        assertFalse(view(second).getLocalMember().isLeader());
        assertEquals(2, view(second).getMembers().size());
        assertTrue(first.hasService(LeaseholdClusterService.class).isLeader("lock"));

        view(first).setDisabled(true);
        eventually("another leads", () -> view(second).getLocalMember().isLeader());
        view(first).setDisabled(false);
        view(second).setDisabled(true);
        eventually("it leads again", () -> view(first).getLocalMember().isLeader());
    }

    private CamelContext start(String name, int millis) throws Exception {
        CamelContext context = context(name, millis);
        context.start();
        return context;
    }

    /** With a route whose exchanges take so long. */
    private CamelContext context(String name, int millis) throws Exception {
        CamelContext context = new DefaultCamelContext();
        contexts.add(context);
        context.addService(new LeaseholdClusterService(lock -> LeaderElection.builder(lock)
                .mode(Mode.FILE)
                .directory(folder.resolve("leases"))
                .identity(name)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))));
        Ledger ledger = new Ledger(folder.resolve("work"), name);
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("master:lock:timer:clock?period=50&delay=0")
                        .routeId("work")
                        .process(exchange -> {
                            long done = ledger.lines().size();
                            Thread.sleep(millis);
                            ledger.note(Long.toString(done + 1));
                        });
            }
        });
        return context;
    }

    private static CamelPreemptiveClusterView view(CamelContext context) throws Exception {
        return context.hasService(LeaseholdClusterService.class).getView("lock");
    }

    private Ledger ledger() {
        return new Ledger(folder.resolve("work"), "test");
    }

    private static void eventually(String what, Callable<Boolean> holds) throws Exception {
        long limit = System.nanoTime() + LIMIT_SECONDS * 1_000_000_000;
        while (!holds.call()) {
            assertTrue(System.nanoTime() < limit, "not within " + LIMIT_SECONDS + " s: " + what);
            Thread.sleep(10);
        }
    }
}
