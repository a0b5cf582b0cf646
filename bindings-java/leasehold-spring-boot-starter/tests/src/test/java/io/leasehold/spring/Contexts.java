package io.leasehold.spring;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Applications with the starter. */
final class Contexts {
    /** For what must happen. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** For what must not. */
    static final Duration A_WHILE = Duration.ofMillis(500);

    private Contexts() {}

    /** A context with the starter and nothing else, which leads soon after its start. */
    static ApplicationContextRunner runner() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        LeaseholdAutoConfiguration.class,
                        LeaseholdActuatorAutoConfiguration.class))
                .withPropertyValues("spring.application.name=monolith", "leasehold.mode=always");
    }

    /** What the starter logs while a context with these properties starts, and ends. */
    static List<String> logged(String... properties) {
        return logged(() -> runner().withPropertyValues(properties)
                .run(context -> assertThat(context).hasNotFailed()));
    }

    /** What the starter logs meanwhile. */
    static List<String> logged(Runnable action) {
        Logger logger = (Logger) LoggerFactory.getLogger(ClusterLeaderService.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        logger.setLevel(Level.INFO);
        try {
            action.run();
        } finally {
            logger.detachAppender(lines);
            logger.setLevel(null);
        }
        return lines.list.stream().map(ILoggingEvent::toString).toList();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    /** A whole application, one of those that elect their leader in a folder. */
    static ConfigurableApplicationContext instance(Path folder, String identity, Class<?> beans, String... properties) {
        return new SpringApplicationBuilder(Application.class, beans)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.application.name=monolith",
                        "spring.jmx.enabled=false",
                        "leasehold.mode=file",
                        "leasehold.directory=" + folder,
                        "leasehold.identity=" + identity,
                        "leasehold.retry-period=100ms",
                        // Longer than any test waits: the next leader leads because the one before has released.
                        "leasehold.lease-duration=120s",
                        "leasehold.renew-deadline=100s",
                        "leasehold.drain-timeout=100s")
                .properties(properties)
                .run();
    }

    /** The service of a context, once it leads each election that it may. */
    static ClusterLeaderService leading(ApplicationContext context) throws InterruptedException {
        ClusterLeaderService service = context.getBean(ClusterLeaderService.class);
        for (String name : service.electionNames()) {
            LeaderElection election = service.election(name);
            if (election.status().mode() != Mode.NEVER) {
                election.waitForLeadership(LIMIT);
            }
        }
        return service;
    }

    static LeaderElection election(ConfigurableApplicationContext instance) {
        return instance.getBean(ClusterLeaderService.class).election();
    }

    /** The next of what was told. */
    static <T> T next(BlockingQueue<T> told) throws InterruptedException {
        T next = told.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing was told in " + LIMIT);
        }
        return next;
    }
}
