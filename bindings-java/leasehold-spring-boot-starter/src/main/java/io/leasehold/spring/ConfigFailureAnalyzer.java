package io.leasehold.spring;

import io.leasehold.ConfigException;
import io.leasehold.NativeLibraryException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in a few lines, in place of a stack trace, which setting keeps the application from starting. */
final class ConfigFailureAnalyzer extends AbstractFailureAnalyzer<ConfigException> {
    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ConfigException cause) {
        String description = "Leasehold cannot start its elections: " + cause.getMessage();
        return new FailureAnalysis(description, cause instanceof NativeLibraryException ? null : action(), cause);
    }

    private static String action() {
        return "Correct the setting, which is one of leasehold.* (lease_duration is leasehold.lease-duration) or "
                + "leasehold.locks.<name>.*, or LEASEHOLD_* in the environment. Without leasehold.lease, the Lease has "
                + "the name of the application, spring.application.name. For a single instance, or a test, set "
                + "leasehold.mode=always.";
    }
}
