package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

/**
 * The settings of all locks, {@code leasehold.*}, or those in which one differs, {@code leasehold.locks.<name>.*}. What
 * is left out comes from {@code LEASEHOLD_…} in the environment and else has a default. What is wrong is said when the
 * context is made, by the setting's name in every language: {@code lease_duration} for {@code lease-duration}.
 *
 * @param lease Name of the Lease. Default: spring.application.name; for a named lock this, a dash, and the lock's name.
 * @param namespace Namespace of the Lease. Default: POD_NAMESPACE, the pod's own, the kubeconfig context's, "default".
 * @param identity This instance's holder string, unique to it. Default: the pod's or host's name and a random suffix,
 *     drawn anew at each start.
 * @param mode Where the Lease is kept; "auto" is "kubernetes" in a pod and "file" on a plain host. Default: "auto".
 * @param leaseDuration How long other instances wait after the Lease last changed, in whole seconds. Default: 15s.
 * @param renewDeadline How long a leader may act on its last renewal; shorter than lease-duration. Default: 10s.
 * @param retryPeriod Time between renewals, and between attempts that fail. Default: 2s.
 * @param drainTimeout How long work may take to stop, before the Lease is left to run out. Default: 20s.
 * @param stallTimeout After how long without a sign of life from the JVM it leads no more; 0 is never. Default: 30s.
 * @param releaseOnStop Whether the Lease is released when the context stops, so that another leads at once. Default:
 *     true.
 * @param candidates Roughly how many instances there are; spreads their attempts. Default: 10.
 * @param reclaim Whether an unexpired record under this very identity is taken up at once, as client-go does; safe only
 *     where no other process ever uses that identity. Default: false.
 * @param kubeconfig The kubeconfig file, outside a pod. Default: KUBECONFIG, else ~/.kube/config.
 * @param context The kubeconfig's context. Default: its current one.
 * @param directory The folder of mode "file". Default: ~/.leasehold.
 * @param waitAtStartup How long the start of the context waits until it is known who leads, so that what is due at
 *     startup is not skipped everywhere; 0 is not at all. Default: 10s.
 * @param locks Named locks, each an election of its own, with the settings in which it differs from leasehold.*.
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
        Integer candidates,
        Boolean reclaim,
        String kubeconfig,
        String context,
        String directory,
        @DurationUnit(ChronoUnit.SECONDS) Duration waitAtStartup,
        @DefaultValue Map<String, LeaseholdProperties> locks) {

    /** Sets what was given, on top of what is set already. The Lease's name is not for all locks. */
    void applyTo(LeaderElection.Builder builder) {
        set(builder, "namespace", namespace);
        set(builder, "identity", identity);
        set(builder, "mode", mode == null ? null : mode.name().toLowerCase(Locale.ROOT));
        set(builder, "lease_duration", leaseDuration);
        set(builder, "renew_deadline", renewDeadline);
        set(builder, "retry_period", retryPeriod);
        set(builder, "drain_timeout", drainTimeout);
        set(builder, "stall_timeout", stallTimeout);
        set(builder, "release_on_stop", releaseOnStop);
        set(builder, "candidates", candidates);
        set(builder, "reclaim", reclaim);
        set(builder, "kubeconfig", kubeconfig);
        set(builder, "context", context);
        set(builder, "directory", directory);
    }

    private static void set(LeaderElection.Builder builder, String name, Object value) {
        if (value != null) {
            builder.set(name, value.toString());
        }
    }
}
