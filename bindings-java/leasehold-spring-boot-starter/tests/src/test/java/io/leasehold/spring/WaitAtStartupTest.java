package io.leasehold.spring;

import static io.leasehold.spring.Contexts.A_WHILE;
import static io.leasehold.spring.Contexts.LIMIT;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job that is due at startup is not skipped since nobody leads yet. */
class WaitAtStartupTest {
    @TempDir
    Path folder;

    private LeaderElection election() {
        return LeaderElection.builder("jobs")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))
                .build();
    }

    private static CompletableFuture<Boolean> awaitLeaderOf(LeaderElection election, Duration limit) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return KnownLeader.await(election, limit);
            } catch (InterruptedException ended) {
                throw new IllegalStateException(ended);
            }
        });
    }

    @Test
    void itWaitsUntilThisInstanceLeads() throws Exception {
        try (LeaderElection election = election()) {
            CompletableFuture<Boolean> known = awaitLeaderOf(election, LIMIT);
            assertThat(KnownLeader.await(election, A_WHILE)).isFalse();
            election.start();
            assertThat(known.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(election.isLeader()).isTrue();
        }
    }

    @Test
    void itWaitsUntilAnotherIsKnownToLead() throws Exception {
        try (LeaderElection leader = election();
                LeaderElection standby = election()) {
            leader.start();
            leader.waitForLeadership(LIMIT);
            CompletableFuture<Boolean> known = awaitLeaderOf(standby, LIMIT);
            standby.start();
            assertThat(known.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(standby.isLeader()).isFalse();
        }
    }

    @Test
    void itDoesNotWaitForWhatNeverLeads() throws Exception {
        try (LeaderElection election =
                LeaderElection.builder("jobs").mode(Mode.NEVER).start()) {
            assertThat(KnownLeader.await(election, Duration.ofDays(1))).isTrue();
        }
    }

    @Test
    void aContextStartsAlthoughNobodyLeadsAndSaysSo() throws Exception {
        Path nowhere = Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: nowhere
                clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
                users: [{name: nobody, user: {token: none}}]
                contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
                """);
        assertThat(startIn(nowhere, "100ms"))
                .singleElement()
                .asString()
                .startsWith("[WARN] nobody is known to lead `default` after leasehold.wait-at-startup of 0.1 s");
        assertThat(startIn(nowhere, "0")).isEmpty();
    }

    private static List<String> startIn(Path kubeconfig, String wait) {
        return Contexts.logged(
                "leasehold.mode=kubernetes", "leasehold.kubeconfig=" + kubeconfig, "leasehold.wait-at-startup=" + wait);
    }
}
