package io.leasehold.spring;

import static io.leasehold.spring.Contexts.leading;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.ConfigException;
import io.leasehold.LeadershipLostException;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.sequences.Sequence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.ResponseEntity;
import org.springframework.test.util.AopTestUtils;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

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

        @LeaderOnly("${jobs.election}")
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
                        "leasehold.elections.billing.mode=" + mode,
                        "leasehold.mode=" + mode,
                        "jobs.election=billing")
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
        jobs("never")
                .run(context -> assertThatExceptionOfType(LeadershipLostException.class)
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
    void theAssertionAsksForTheElectionItself() {
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

    // ---- what could not do what it says --------------------------------------------------------------------------

    static class Primitive {
        @LeaderOnly
        int job() {
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

    static final class OfAFinalClass {
        @LeaderOnly
        void job() {}
    }

    static class UnknownElection {
        @LeaderOnly("biling")
        void job() {}
    }

    /** As Kotlin compiles `suspend fun job()`. */
    static class Suspending {
        @LeaderOnly
        Object job(Continuation<? super Unit> continuation) {
            return Unit.INSTANCE;
        }
    }

    static class Publishing {
        @LeaderOnly
        Flow.Publisher<String> job() {
            return subscriber -> {};
        }
    }

    static class Streaming {
        @LeaderOnly
        Stream<String> job() {
            return Stream.of();
        }
    }

    abstract static class Reading<T> {
        @LeaderOnly
        T job() {
            return null;
        }
    }

    static class ReadingText extends Reading<String> {}

    static class ReadingLines extends Reading<Stream<String>> {}

    @Test
    void aMethodIsCheckedForEachClassThatHasIt() {
        runner().withBean(ReadingText.class)
                .withBean(ReadingLines.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("the work behind a Stream"));
    }

    static class Iterating {
        @LeaderOnly
        Iterator<String> job() {
            return List.of("").iterator();
        }
    }

    static class Sequencing {
        @LeaderOnly
        Sequence<String> job() {
            return () -> List.of("").iterator();
        }
    }

    static class Calling {
        @LeaderOnly
        Callable<String> job() {
            return () -> "";
        }
    }

    static class Deferring {
        @LeaderOnly
        DeferredResult<String> job() {
            return new DeferredResult<>();
        }
    }

    static class StreamingABody {
        @LeaderOnly
        ResponseEntity<StreamingResponseBody> job() {
            return ResponseEntity.ok(body -> {});
        }
    }

    static class ManyFutures {
        @LeaderOnly
        List<CompletableFuture<String>> job() {
            return List.of();
        }
    }

    static class Generic<T> {
        @LeaderOnly
        T job() {
            return null;
        }
    }

    static class GenericStream extends Generic<Stream<? extends String>> {}

    private static void doesNotStart(Class<?> type, String why) {
        jobs("always")
                .withBean(type)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .message()
                        .startsWith("@LeaderOnly on ")
                        .contains(".job(): ", why));
    }

    @ParameterizedTest
    @ValueSource(classes = {Private.class, Final.class, Static.class, OfAFinalClass.class})
    void whatNoProxyCanGuardKeepsTheApplicationFromStarting(Class<?> type) {
        doesNotStart(type, "it would run on every instance");
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                Suspending.class,
                Publishing.class,
                Streaming.class,
                Iterating.class,
                Sequencing.class,
                Calling.class,
                Deferring.class,
                StreamingABody.class,
                ManyFutures.class,
                GenericStream.class
            })
    void whatWorksOnWhenItHasReturnedKeepsTheApplicationFromStarting(Class<?> type) {
        doesNotStart(type, "nobody holds the Lease for");
    }

    @Test
    void aPrimitiveThatAStandbyCannotReturnKeepsTheApplicationFromStarting() {
        doesNotStart(Primitive.class, "onStandby = THROW");
    }

    @Test
    void anElectionThatIsNotConfiguredKeepsTheApplicationFromStarting() {
        doesNotStart(UnknownElection.class, "there is no election `biling`; configured are [default, billing]");
    }

    static class Untyped {
        @LeaderOnly
        Object job() {
            return Stream.of("later");
        }
    }

    @Test
    void whatOnlyItsResultTellsIsRefusedThen() {
        jobs("always").withBean(Untyped.class).run(context -> {
            leading(context);
            assertThatIllegalStateException()
                    .isThrownBy(() -> context.getBean(Untyped.class).job())
                    .withMessageContaining("java.util.stream");
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class Unguarded {
        @Bean
        Jobs jobs() {
            return new Jobs();
        }
    }

    @Test
    void withoutTheAutoConfigurationItIsRefused() {
        String exclusion = "spring.autoconfigure.exclude=" + LeaseholdAutoConfiguration.class.getName();
        SpringApplicationBuilder application = new SpringApplicationBuilder(Contexts.Application.class, Unguarded.class)
                .web(WebApplicationType.NONE)
                .properties("spring.jmx.enabled=false", exclusion);
        assertThatException()
                .isThrownBy(application::run)
                .havingRootCause()
                .isInstanceOf(ConfigException.class)
                .withMessageContaining("@LeaderOnly on " + Jobs.class.getName())
                .withMessageContaining("LeaseholdAutoConfiguration is not part of this context");
    }

    /** The proxy's own field is not the bean's. */
    private static int runs(Jobs jobs) {
        return AopTestUtils.<Jobs>getTargetObject(jobs).runs;
    }
}
