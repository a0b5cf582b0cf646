package io.leasehold.spring;

import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.test.TestLeaderElection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.resilience.annotation.EnableResilientMethods;
import org.springframework.resilience.annotation.RetryAnnotationBeanPostProcessor;
import org.springframework.resilience.annotation.Retryable;
import org.springframework.scheduling.annotation.Scheduled;

/** Spring 7's own retries, which Boot 3.5 has not. */
class RetryTest {
    static class Import {
        private int attempts;

        @LeaderOnly(claim = "import")
        @Scheduled(cron = "0 0 0 1 1 *", zone = "UTC")
        @Retryable(maxRetries = 2, delay = 1)
        public void run() {
            LeaderAssert.assertLeader();
            attempts++;
            if (attempts < 3) {
                throw new IllegalStateException("on purpose");
            }
        }

        int attempts() {
            return attempts;
        }
    }

    static class Beans {
        @Bean
        Import importing() {
            return new Import();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableResilientMethods
    static class Resilient extends Beans {}

    @Configuration(proxyBeanMethods = false)
    @EnableResilientMethods(order = Ordered.LOWEST_PRECEDENCE)
    static class ResilientLast extends Beans {}

    @Configuration(proxyBeanMethods = false)
    static class Declared extends Beans {
        @Bean
        static RetryAnnotationBeanPostProcessor retries() {
            return new RetryAnnotationBeanPostProcessor();
        }
    }

    /** The other way round, a second attempt would be skipped, since the first has begun the firing. */
    @ParameterizedTest
    @ValueSource(classes = {Resilient.class, ResilientLast.class, Declared.class})
    void aFiringIsClaimedOnceAndItsWorkTriedAgain(Class<?> retries) {
        TestLeaderElection election = TestLeaderElection.started();
        election.lead();
        runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withUserConfiguration(retries)
                .run(context -> {
                    Import job = context.getBean(Import.class);
                    job.run();
                    assertThat(job.attempts()).isEqualTo(3);
                    job.run();
                    assertThat(job.attempts()).as("the same firing").isEqualTo(3);
                });
    }
}
