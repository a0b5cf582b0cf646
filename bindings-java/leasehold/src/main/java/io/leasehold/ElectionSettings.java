// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * The settings of one election. What is left out comes from the environment ({@code LEASEHOLD_…}, the setting's name in
 * capitals) and else has a default.
 *
 * @param <B> what each setter returns
 */
public abstract sealed class ElectionSettings<B extends ElectionSettings<B>>
        permits LeaderElection.Builder, Locks.Builder {
    private final List<String> settings = new ArrayList<>();

    ElectionSettings() {}

    /**
     * Sets any of these by the name that it has in every language, for configuration files.
     *
     * @param setting its name, such as {@code lease_duration}
     * @param text its value; durations as {@code 1.5s}, {@code 500ms}, {@code 15} (seconds) or {@code PT1.5S}
     * @return this
     */
    @SuppressWarnings("unchecked") // Each of those permitted is the B of its own.
    public B set(String setting, String text) {
        settings.add(Objects.requireNonNull(setting, "setting"));
        settings.add(Objects.requireNonNull(text, () -> setting + " = null: leave it out for its default"));
        return (B) this;
    }

    /** Names and values in turn; the last one wins. */
    final List<String> settings() {
        return settings;
    }

    /**
     * The namespace of the Lease. Default: {@code POD_NAMESPACE}, the pod's own, the kubeconfig context's, {@code
     * default}.
     *
     * @param namespace its value
     * @return this
     */
    public B namespace(String namespace) {
        return set("namespace", namespace);
    }

    /**
     * This candidate's unique holder string. Default: the pod's or host's name and a random suffix, drawn again at each
     * start.
     *
     * @param identity its value
     * @return this
     */
    public B identity(String identity) {
        return set("identity", identity);
    }

    /**
     * Where the Lease is kept. Default: {@link Mode#AUTO}.
     *
     * @param mode which
     * @return this
     */
    public B mode(Mode mode) {
        return set("mode", word(mode));
    }

    /**
     * How long others wait after the Lease last changed: whole seconds, longer than {@link
     * LeaderElection.Builder#renewDeadline}. Default: 15 s.
     *
     * @param leaseDuration how long
     * @return this
     */
    public B leaseDuration(Duration leaseDuration) {
        return set("lease_duration", text(leaseDuration));
    }

    /**
     * How long a leader may act on its last successful renewal: longer than 1.2 times {@link
     * LeaderElection.Builder#retryPeriod}. The old leader has stopped at least {@link
     * LeaderElection.Builder#leaseDuration} less {@link LeaderElection.Builder#renewDeadline} before a new one starts.
     * Default: 10 s.
     *
     * @param renewDeadline how long
     * @return this
     */
    public B renewDeadline(Duration renewDeadline) {
        return set("renew_deadline", text(renewDeadline));
    }

    /**
     * The time between renewals, and between attempts that fail: more than zero. Default: 2 s.
     *
     * @param retryPeriod how long
     * @return this
     */
    public B retryPeriod(Duration retryPeriod) {
        return set("retry_period", text(retryPeriod));
    }

    /**
     * How long guarded work may take to stop, before the Lease is left to expire instead of being released. Default: 20
     * s.
     *
     * @param drainTimeout how long
     * @return this
     */
    public B drainTimeout(Duration drainTimeout) {
        return set("drain_timeout", text(drainTimeout));
    }

    /**
     * After how long without a sign of life from the JVM this instance stops leading; zero means never. It is watched
     * from the first sign of life on. Default: 30 s.
     *
     * @param stallTimeout how long
     * @return this
     */
    public B stallTimeout(Duration stallTimeout) {
        return set("stall_timeout", text(stallTimeout));
    }

    /**
     * Whether stopping releases the Lease, so that another leads at once. Default: true.
     *
     * @param releaseOnStop whether it is so
     * @return this
     */
    public B releaseOnStop(boolean releaseOnStop) {
        return set("release_on_stop", text(releaseOnStop));
    }

    /**
     * Whether an unexpired record under this very {@link LeaderElection.Builder#identity} is taken up at once, as
     * client-go does. Safe only if no other process ever uses that identity. Default: false.
     *
     * @param reclaim whether it is so
     * @return this
     */
    public B reclaim(boolean reclaim) {
        return set("reclaim", text(reclaim));
    }

    /**
     * By which proofs that its holder is dead the Lease is acquired before it has expired: {@code none}; {@code local},
     * what this machine shows without further rights; {@code pods}, also the status of the holder's pod. Default:
     * {@code local}.
     *
     * @param proofOfDeath which
     * @return this
     */
    public B proofOfDeath(ProofOfDeath proofOfDeath) {
        return set("proof_of_death", word(proofOfDeath));
    }

    /**
     * How long a free Lease is left to others, for each election with this setting that this process leads already:
     * many elections so spread over few processes. At most a third of {@link LeaderElection.Builder#leaseDuration};
     * zero spreads nothing. Default: 0 s.
     *
     * @param spread how long
     * @return this
     */
    public B spread(Duration spread) {
        return set("spread", text(spread));
    }

    /**
     * This candidate's rank, by which one leads if there is a choice: zero comes first. Each rank takes a free Lease a
     * thirtieth of {@link LeaderElection.Builder#leaseDuration} after the one before it, and none later than a third.
     * Default: 0.
     *
     * @param preference which
     * @return this
     */
    public B preference(int preference) {
        return set("preference", text(preference));
    }

    /**
     * The kubeconfig file, for mode {@link Mode#KUBERNETES} outside a pod. Default: {@code KUBECONFIG}, else {@code
     * ~/.kube/config}.
     *
     * @param kubeconfig its path
     * @return this
     */
    public B kubeconfig(Path kubeconfig) {
        return set("kubeconfig", text(kubeconfig));
    }

    /**
     * The kubeconfig's context. Default: its current one.
     *
     * @param context its value
     * @return this
     */
    public B context(String context) {
        return set("context", context);
    }

    /**
     * The directory in which mode {@link Mode#FILE} keeps Leases. Default: {@code ~/.leasehold}.
     *
     * @param directory its path
     * @return this
     */
    public B directory(Path directory) {
        return set("directory", text(directory));
    }

    /**
     * Labels of the Lease in mode {@link Mode#KUBERNETES}, which policies may demand: set when it is created, and
     * corrected when it is written. Default: none.
     *
     * @param labels its values by their keys
     * @return this
     */
    public B labels(Map<String, String> labels) {
        return set("labels", json(labels));
    }

    /**
     * Annotations of the Lease, as {@link LeaderElection.Builder#labels}. Default: none.
     *
     * @param annotations its values by their keys
     * @return this
     */
    public B annotations(Map<String, String> annotations) {
        return set("annotations", json(annotations));
    }

    /**
     * Whether an Event is written at each change of leader, in mode {@link Mode#KUBERNETES}, as client-go does. Needs
     * the verb {@code create} on events; if that is not granted, there are none. Default: false.
     *
     * @param kubernetesEvents whether it is so
     * @return this
     */
    public B kubernetesEvents(boolean kubernetesEvents) {
        return set("kubernetes_events", text(kubernetesEvents));
    }

    /**
     * The Service without a selector that points at the leader, in mode {@link Mode#KUBERNETES}: the name of its {@code
     * EndpointSlice}, which must exist, and in which the leader's address is kept. Default: none.
     *
     * @param leaderService its value
     * @return this
     */
    public B leaderService(String leaderService) {
        return set("leader_service", leaderService);
    }

    /**
     * The address at which this candidate is reached while it leads, for {@link LeaderElection.Builder#leaderService}.
     * Default: {@code POD_IP}.
     *
     * @param leaderAddress its value
     * @return this
     */
    public B leaderAddress(String leaderAddress) {
        return set("leader_address", leaderAddress);
    }

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    private static String word(Enum<?> value) {
        return value == null ? null : value.name().toLowerCase(Locale.ROOT);
    }

    /** A map as the core reads it, which refuses one with a null in it. */
    private static String json(Map<String, String> map) {
        if (map == null) {
            return null;
        }
        StringJoiner pairs = new StringJoiner(",", "{", "}");
        map.forEach((key, value) -> pairs.add(json(key) + ":" + json(value)));
        return pairs.toString();
    }

    private static String json(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                quoted.append('\\').append(letter);
            } else if (letter < ' ') {
                quoted.append(String.format("\\u%04x", (int) letter));
            } else {
                quoted.append(letter);
            }
        }
        return quoted.append('"').toString();
    }
}
