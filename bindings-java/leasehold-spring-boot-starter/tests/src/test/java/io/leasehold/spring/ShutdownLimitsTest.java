package io.leasehold.spring;

import static io.leasehold.spring.Contexts.logged;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

/** The drain limit is as long as Spring lets work go on, or says that it is not. */
class ShutdownLimitsTest {
    private static final String PHASE = "spring.lifecycle.timeout-per-shutdown-phase";
    private static final String JOBS = "spring.task.scheduling.shutdown.await-termination-period";

    private static ShutdownLimits limits(String... namesAndTexts) {
        MockEnvironment environment = new MockEnvironment();
        for (int at = 0; at < namesAndTexts.length; at += 2) {
            environment.setProperty(namesAndTexts[at], namesAndTexts[at + 1]);
        }
        return ShutdownLimits.of(environment);
    }

    @Test
    void whatIsToldToWaitIsNotInterrupted() {
        assertThat(limits().interrupts()).isTrue();
        assertThat(limits("spring.task.execution.shutdown.await-termination", "true")
                        .interrupts())
                .isFalse();
    }

    @Test
    void itFollowsWhatSpringHasLongerThanUsualUnlessItIsSet() {
        assertThat(logged("leasehold.drain-timeout=20s", JOBS + "=70s"))
                .singleElement()
                .asString()
                .startsWith("[WARN] leasehold.drain-timeout of `default` is 20.0 s");
        assertThat(logged(JOBS + "=70s"))
                .singleElement()
                .asString()
                .startsWith("[INFO] leasehold.drain-timeout of `default` is 70.0 s, as is " + JOBS);
        assertThat(logged(JOBS + "=25s", PHASE + "=40s"))
                .singleElement()
                .asString()
                .contains("is 40.0 s, as is " + PHASE);
        assertThat(logged("leasehold.drain-timeout=80s", JOBS + "=70s")).isEmpty();
        assertThat(logged(PHASE + "=10s")).isEmpty();
    }
}
