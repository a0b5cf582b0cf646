package io.leasehold.spring;

import static io.leasehold.spring.Contexts.instance;
import static io.leasehold.spring.Contexts.next;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.integration.annotation.InboundChannelAdapter;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.Role;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.leader.event.AbstractLeaderEvent;
import org.springframework.integration.leader.event.OnGrantedEvent;
import org.springframework.integration.leader.event.OnRevokedEvent;
import org.springframework.integration.support.SmartLifecycleRoleController;

/** Spring Integration's own controller of roles, and an endpoint in the role of the default election. */
class IntegrationRolesTest {
    /** Who polled, in all applications of the test. */
    private static final BlockingQueue<String> POLLS = new LinkedBlockingQueue<>();

    @TempDir
    Path folder;

    @Configuration(proxyBeanMethods = false)
    @EnableIntegration
    static class Polling {
        final BlockingQueue<AbstractLeaderEvent> events = new LinkedBlockingQueue<>();

        @Bean
        Poll poll(Environment environment) {
            return new Poll(environment.getProperty("leasehold.identity"));
        }

        @EventListener
        void event(AbstractLeaderEvent event) {
            events.add(event);
        }
    }

    static class Poll {
        private final String name;

        Poll(String name) {
            this.name = name;
        }

        @Role("default")
        @InboundChannelAdapter(channel = "nullChannel", autoStartup = "false", poller = @Poller(fixedDelay = "10"))
        String poll() {
            POLLS.add(name);
            return name;
        }
    }

    @Test
    void whatIsInTheRoleRunsOnTheLeaderAndHasStoppedBeforeAnotherLeads() throws Exception {
        POLLS.clear();
        try (ConfigurableApplicationContext second = startAfter("first", "second")) {
            awaitPoll("second");
            SmartLifecycleRoleController roles = second.getBean(SmartLifecycleRoleController.class);
            while (!roles.allEndpointsRunning("default")) {
                Thread.sleep(10);
            }
            // Of those that were there when it began, none is of the first.
            assertThat(POLLS).doesNotContain("first");
        }
    }

    /** Another, beside one that polls and then ends. */
    private ConfigurableApplicationContext startAfter(String leader, String standby) throws Exception {
        ConfigurableApplicationContext second;
        try (ConfigurableApplicationContext first = instance(folder, leader, Polling.class)) {
            awaitPoll(leader);
            second = instance(folder, standby, Polling.class);
            assertThat(second.getBean(SmartLifecycleRoleController.class).noEndpointsRunning("default"))
                    .isTrue();
            awaitPoll(leader);
            assertThat(POLLS).doesNotContain(standby);
        }
        return second;
    }

    @Test
    void eventsHaveAContextThatMayYield() throws Exception {
        try (ConfigurableApplicationContext instance = instance(folder, "a", Polling.class)) {
            BlockingQueue<AbstractLeaderEvent> events = instance.getBean(Polling.class).events;
            AbstractLeaderEvent granted = next(events);
            assertThat(granted).isInstanceOf(OnGrantedEvent.class);
            assertThat(granted.getRole()).isEqualTo("default");
            assertThat(granted.getContext().isLeader()).isTrue();
            granted.getContext().yield();
            assertThat(granted.getContext().isLeader()).isFalse();
            assertThat(next(events)).isInstanceOf(OnRevokedEvent.class);
            SmartLifecycleRoleController roles = instance.getBean(SmartLifecycleRoleController.class);
            while (!roles.noEndpointsRunning("default")) {
                Thread.sleep(10);
            }
        }
    }

    private static void awaitPoll(String name) throws InterruptedException {
        while (!next(POLLS).equals(name)) {
            // Another's, from before.
        }
    }
}
