package io.leasehold.spring;

import static io.leasehold.spring.Contexts.leading;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.leasehold.ConfigException;
import io.leasehold.Term;
import io.leasehold.test.TestLeaderElection;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClusterLeaderServiceTest {
    @Test
    void theLeaderIsTheLeader() {
        runner().run(context -> {
            ClusterLeaderService service = leading(context);
            assertThat(service.isThisInstanceLeader()).isTrue();
            assertThat(service.isThisInstanceLeader("default")).isTrue();
            assertThat(service.runIfLeader(() -> {})).isTrue();
            Term term = service.currentTerm().orElseThrow();
            assertThat(service.callIfLeader(Term::fencingToken)).hasValue(term.fencingToken());
        });
    }

    @Test
    void aStandbyIsNot() {
        runner().withPropertyValues("leasehold.mode=never").run(context -> {
            ClusterLeaderService service = leading(context);
            assertThat(service.isThisInstanceLeader()).isFalse();
            assertThat(service.runIfLeader(() -> {
                        throw new AssertionError("it ran");
                    }))
                    .isFalse();
            assertThat(service.callIfLeader(term -> "it ran")).isEmpty();
            assertThat(service.currentTerm()).isEmpty();
        });
    }

    @Test
    void anExceptionOfTheWorkIsPassedOnAsItIs() {
        runner().run(context -> {
            ClusterLeaderService service = leading(context);
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> service.runIfLeader(term -> {
                        throw new IOException("no paper");
                    }))
                    .withMessage("no paper");
        });
    }

    @Test
    void noSettingIsNeededButTheApplicationsName() {
        runner().run(context -> assertThat(lease(leading(context), "default")).isEqualTo("monolith"));
    }

    @Test
    void theLeaseMayHaveANameOfItsOwn() {
        runner().withPropertyValues("leasehold.lease=monolith-jobs")
                .run(context -> assertThat(lease(leading(context), "default")).isEqualTo("monolith-jobs"));
    }

    @Test
    void eachNamedElectionIsAnElectionOfItsOwn() {
        runner().withPropertyValues(
                        "leasehold.lease=monolith-jobs",
                        "leasehold.elections.billing.mode=never",
                        "leasehold.elections.nightly-report.lease=reports")
                .run(context -> {
                    ClusterLeaderService service = leading(context);
                    assertThat(service.electionNames()).isEqualTo(Set.of("default", "billing", "nightly-report"));
                    assertThat(service.isThisInstanceLeader()).isTrue();
                    assertThat(service.isThisInstanceLeader("billing")).isFalse();
                    assertThat(service.isThisInstanceLeader("nightly-report")).isTrue();
                    assertThat(lease(service, "billing")).isEqualTo("monolith-jobs-billing");
                    assertThat(lease(service, "nightly-report")).isEqualTo("reports");
                });
    }

    @Test
    void anUnknownElectionIsAnErrorThatNamesTheKnownOnes() {
        runner().withPropertyValues("leasehold.lease=monolith-jobs", "leasehold.elections.billing.lease=billing")
                .run(context -> {
                    ClusterLeaderService service = leading(context);
                    assertThatExceptionOfType(ConfigException.class)
                            .isThrownBy(() -> service.isThisInstanceLeader("biling"))
                            .withMessageContaining("`biling`")
                            .withMessageContaining("[default, billing]")
                            .withMessageContaining("leasehold.elections.biling.lease");
                });
    }

    @Test
    void oneMoreElectionTakesNothingAway() {
        runner().withPropertyValues("leasehold.elections.billing.drain-timeout=25s")
                .run(context -> {
                    ClusterLeaderService service = leading(context);
                    assertThat(service.isThisInstanceLeader()).isTrue();
                    assertThat(lease(service, "default")).isEqualTo("monolith");
                    assertThat(lease(service, "billing")).isEqualTo("monolith-billing");
                });
    }

    @Test
    void whereNothingNamesTheDefaultLeaseThereAreTheNamedLocksOnly() {
        runner().withPropertyValues("spring.application.name=", "leasehold.elections.billing.lease=billing")
                .run(context -> {
                    ClusterLeaderService service = leading(context);
                    assertThat(service.isThisInstanceLeader("billing")).isTrue();
                    assertThatExceptionOfType(ConfigException.class)
                            .isThrownBy(service::isThisInstanceLeader)
                            .withMessageContaining("leasehold.lease");
                });
    }

    static class Jobs {
        @LeaderOnly("billing")
        String bill() {
            return "billed";
        }
    }

    @Test
    void aTestMayDecideWhoLeads() {
        TestLeaderElection election = TestLeaderElection.started();
        runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withBean(Jobs.class)
                .run(context -> {
                    assertThat(context).doesNotHaveBean(ElectionLifecycle.class);
                    Jobs jobs = context.getBean(Jobs.class);
                    assertThat(jobs.bill()).isNull();
                    election.lead();
                    assertThat(jobs.bill()).isEqualTo("billed");
                    assertThat(context.getBean(ClusterLeaderService.class).isThisInstanceLeader("billing"))
                            .isTrue();
                });
    }

    private static String lease(ClusterLeaderService service, String name) {
        return service.election(name).status().lease();
    }
}
