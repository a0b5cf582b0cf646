// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold.spring;

import io.leasehold.ElectionSettings;
import io.leasehold.Mode;
import io.leasehold.ProofOfDeath;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

/**
 * The settings of all elections, {@code leasehold.*}, or those in which one differs, {@code
 * leasehold.elections.<name>.*}. What is left out comes from {@code LEASEHOLD_…} in the environment and else has a
 * default. What is wrong is said when the context is made, by the setting's name in every language: {@code
 * lease_duration} for {@code lease-duration}.
 *
 * @param lease The name of the Lease. Default: spring.application.name; for one of leasehold.elections this, a dash,
 *     and its name.
 * @param namespace The namespace of the Lease. Default: POD_NAMESPACE, the pod's own, the kubeconfig context's,
 *     default.
 * @param identity This candidate's unique holder string. Default: the pod's or host's name and a random suffix, drawn
 *     again at each start.
 * @param mode Where the Lease is kept. Default: "auto".
 * @param leaseDuration How long others wait after the Lease last changed: whole seconds, longer than renew-deadline.
 *     Default: 15s.
 * @param renewDeadline How long a leader may act on its last successful renewal: longer than 1.2 times retry-period.
 *     The old leader has stopped at least lease-duration less renew-deadline before a new one starts. Default: 10s.
 * @param retryPeriod The time between renewals, and between attempts that fail: more than zero. Default: 2s.
 * @param drainTimeout How long guarded work may take to stop, before the Lease is left to expire instead of being
 *     released. Default: 20s.
 * @param stallTimeout After how long without a sign of life from the JVM this instance stops leading; zero means never.
 *     It is watched from the first sign of life on. Default: 30s.
 * @param releaseOnStop Whether stopping releases the Lease, so that another leads at once. Default: true.
 * @param reclaim Whether an unexpired record under this very identity is taken up at once, as client-go does. Safe only
 *     if no other process ever uses that identity. Default: false.
 * @param proofOfDeath By which proofs that its holder is dead the Lease is acquired before it has expired: none; local,
 *     what this machine shows without further rights; pods, also the status of the holder's pod. Default: local.
 * @param spread How long a free Lease is left to others, for each election with this setting that this process leads
 *     already: many elections so spread over few processes. At most a third of lease-duration; zero spreads nothing.
 *     Default: 0s.
 * @param preference This candidate's rank, by which one leads if there is a choice: zero comes first. Each rank takes a
 *     free Lease a thirtieth of lease-duration after the one before it, and none later than a third. Default: 0.
 * @param kubeconfig The kubeconfig file, for mode "kubernetes" outside a pod. Default: KUBECONFIG, else ~/.kube/config.
 * @param context The kubeconfig's context. Default: its current one.
 * @param directory The directory in which mode "file" keeps Leases. Default: ~/.leasehold.
 * @param labels Labels of the Lease in mode "kubernetes", which policies may demand: set when it is created, and
 *     corrected when it is written. Default: none.
 * @param annotations Annotations of the Lease, as labels. Default: none.
 * @param kubernetesEvents Whether an Event is written at each change of leader, in mode "kubernetes", as client-go
 *     does. Needs the verb create on events; if that is not granted, there are none. Default: false.
 * @param leaderService The Service without a selector that points at the leader, in mode "kubernetes": the name of its
 *     EndpointSlice, which must exist, and in which the leader's address is kept. Default: none.
 * @param leaderAddress The address at which this candidate is reached while it leads, for leader-service. Default:
 *     POD_IP.
 * @param waitAtStartup How long the start of the context waits until it is known who leads, so that what is due at
 *     startup is not skipped everywhere; 0 is not at all. Default: 10s.
 * @param elections Further elections by their names, each with the settings in which it differs from leasehold.*.
 */
@ConfigurationProperties(prefix = "leasehold", ignoreUnknownFields = false)
public record LeaseholdProperties(
        String lease,
        String namespace,
        String identity,
        Mode mode,
        @DurationUnit(ChronoUnit.SECONDS) Duration leaseDuration,
        @DurationUnit(ChronoUnit.SECONDS) Duration renewDeadline,
        @DurationUnit(ChronoUnit.SECONDS) Duration retryPeriod,
        @DurationUnit(ChronoUnit.SECONDS) Duration drainTimeout,
        @DurationUnit(ChronoUnit.SECONDS) Duration stallTimeout,
        Boolean releaseOnStop,
        Boolean reclaim,
        ProofOfDeath proofOfDeath,
        @DurationUnit(ChronoUnit.SECONDS) Duration spread,
        Integer preference,
        String kubeconfig,
        String context,
        String directory,
        Map<String, String> labels,
        Map<String, String> annotations,
        Boolean kubernetesEvents,
        String leaderService,
        String leaderAddress,
        @DurationUnit(ChronoUnit.SECONDS) Duration waitAtStartup,
        @DefaultValue Map<String, LeaseholdProperties> elections) {

    /** Sets what was given, on top of what is set already. The Lease's name is not for all elections. */
    void applyTo(ElectionSettings<?> builder) {
        set(builder, "namespace", namespace);
        set(builder, "identity", identity);
        set(builder, "mode", mode);
        set(builder, "lease_duration", leaseDuration);
        set(builder, "renew_deadline", renewDeadline);
        set(builder, "retry_period", retryPeriod);
        set(builder, "drain_timeout", drainTimeout);
        set(builder, "stall_timeout", stallTimeout);
        set(builder, "release_on_stop", releaseOnStop);
        set(builder, "reclaim", reclaim);
        set(builder, "proof_of_death", proofOfDeath);
        set(builder, "spread", spread);
        set(builder, "preference", preference);
        set(builder, "kubeconfig", kubeconfig);
        set(builder, "context", context);
        set(builder, "directory", directory);
        if (labels != null) {
            builder.labels(labels);
        }
        if (annotations != null) {
            builder.annotations(annotations);
        }
        set(builder, "kubernetes_events", kubernetesEvents);
        set(builder, "leader_service", leaderService);
        set(builder, "leader_address", leaderAddress);
    }

    private static void set(ElectionSettings<?> builder, String name, Object value) {
        if (value instanceof Enum<?> word) {
            builder.set(name, word.name().toLowerCase(Locale.ROOT));
        } else if (value != null) {
            builder.set(name, value.toString());
        }
    }
}
