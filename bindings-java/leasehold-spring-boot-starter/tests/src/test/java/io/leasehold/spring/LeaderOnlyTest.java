package io.leasehold.spring;

import static io.leasehold.spring.Contexts.leading;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.ConfigException;
import io.leasehold.LeadershipLostException;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.test.util.AopTestUtils;

class LeaderOnlyTest {
    @Retention(RetentionPolicy.RUNTIME)
    @LeaderOnly("billing")
    @interface BillingJob {}

    interface Reporting {
        String report();
    }

    static class Jobs implements Reporting {
        int runs;

        @LeaderOnly
        void clean() {
            runs++;
        }

        @LeaderOnly("billing")
        String bill() {
            return "billed under " + LeaderAssert.assertLeader("billing").fencingToken();
        }

        @BillingJob
        void billByAnAnnotationOfOnesOwn() {
            LeaderAssert.assertLeader("billing");
            runs++;
        }

        @LeaderOnly("${jobs.lock}")
        void billByPlaceholder() {
            LeaderAssert.assertLeader("billing");
            runs++;
        }

        @LeaderOnly(value = "billing", onStandby = OnStandby.THROW)
        int billOrThrow() {
            return 42;
        }

        @LeaderOnly("billing")
        Optional<String> billed() {
            return Optional.of("invoice");
        }

        @LeaderOnly("billing")
        CompletableFuture<String> invoice() {
            return CompletableFuture.completedFuture("invoice");
        }

        @Override
        @LeaderOnly("billing")
        public String report() {
            return "report";
        }

        String billPastTheProxy() {
            return bill();
        }
    }

    private static ApplicationContextRunner jobs(String mode) {
        return runner().withPropertyValues(
                        "leasehold.lease=monolith-jobs",
                        "leasehold.locks.billing.mode=" + mode,
                        "leasehold.mode=" + mode,
                        "jobs.lock=billing")
                .withBean(Jobs.class);
    }

    @Test
    void itRunsOnTheLeader() {
        jobs("always").run(context -> {
            leading(context);
            Jobs jobs = context.getBean(Jobs.class);
            jobs.clean();
            jobs.billByAnAnnotationOfOnesOwn();
            jobs.billByPlaceholder();
            assertThat(jobs.bill()).startsWith("billed under ");
            assertThat(jobs.billOrThrow()).isEqualTo(42);
            assertThat(jobs.billed()).hasValue("invoice");
            assertThat(jobs.invoice()).isCompletedWithValue("invoice");
            assertThat(context.getBean(Reporting.class).report()).isEqualTo("report");
            assertThat(runs(jobs)).isEqualTo(3);
        });
    }

    @Test
    void itIsSkippedOnAStandby() {
        jobs("never").run(context -> {
            Jobs jobs = context.getBean(Jobs.class);
            jobs.clean();
            jobs.billByAnAnnotationOfOnesOwn();
            jobs.billByPlaceholder();
            assertThat(jobs.bill()).isNull();
            assertThat(jobs.billed()).isEmpty();
            assertThat(jobs.invoice()).isCompletedWithValue(null);
            assertThat(context.getBean(Reporting.class).report()).isNull();
            assertThat(runs(jobs)).isZero();
        });
    }

    @Test
    void itThrowsOnAStandbyWhereThatIsWanted() {
        jobs("never").run(context -> assertThatExceptionOfType(LeadershipLostException.class)
                .isThrownBy(() -> context.getBean(Jobs.class).billOrThrow())
                .withMessageContaining("billOrThrow()")
                .withMessageContaining("`billing`"));
    }

    @Test
    void aCallFromTheSameClassPassesItByAndTheAssertionNotices() {
        jobs("always").run(context -> {
            leading(context);
            assertThatIllegalStateException()
                    .isThrownBy(() -> context.getBean(Jobs.class).billPastTheProxy())
                    .withMessageContaining("`billing`");
        });
    }

    @Test
    void theAssertionAsksForTheLockItself() {
        jobs("always").run(context -> {
            ClusterLeaderService service = leading(context);
            service.runIfLeader(() -> {
                assertThat(LeaderAssert.assertLeader().isValid()).isTrue();
                assertThatIllegalStateException().isThrownBy(() -> LeaderAssert.assertLeader("billing"));
                service.runIfLeader("billing", () -> {
                    LeaderAssert.assertLeader("billing");
                    LeaderAssert.assertLeader();
                });
                assertThatIllegalStateException().isThrownBy(() -> LeaderAssert.assertLeader("billing"));
            });
            assertThatIllegalStateException().isThrownBy(LeaderAssert::assertLeader);
        });
    }

    static class Primitive {
        @LeaderOnly
        int count() {
            return 1;
        }
    }

    static class Private {
        @LeaderOnly
        private void job() {}
    }

    static class Final {
        @LeaderOnly
        final void job() {}
    }

    static class Static {
        @LeaderOnly
        static void job() {}
    }

    static class Stream {
        @LeaderOnly
        Flow.Publisher<String> lines() {
            return subscriber -> {};
        }
    }

    static class UnknownLock {
        @LeaderOnly("biling")
        void job() {}
    }

    @ParameterizedTest
    @ValueSource(classes = {Primitive.class, Private.class, Final.class, Static.class, Stream.class, UnknownLock.class})
    void whereItCouldNotDoWhatItSaysTheApplicationDoesNotStart(Class<?> type) {
        jobs("always").withBean(type).run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(ConfigException.class)
                .message()
                .containsAnyOf("onStandby = THROW", "private, static or final", "runIfLeader", "configured are"));
    }

    /** The proxy's own field is not the bean's. */
    private static int runs(Jobs jobs) {
        return AopTestUtils.<Jobs>getTargetObject(jobs).runs;
    }
}
