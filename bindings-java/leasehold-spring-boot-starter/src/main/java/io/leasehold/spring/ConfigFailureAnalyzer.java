package io.leasehold.spring;

import io.leasehold.ConfigException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in a few lines, in place of a stack trace, what keeps the application from starting, and what helps. */
final class ConfigFailureAnalyzer extends AbstractFailureAnalyzer<ConfigException> {
    /** How the message on a setting begins: with its name in every language. */
    private static final Pattern SETTING = Pattern.compile("([a-z_]+) = ");

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ConfigException cause) {
        if (cause instanceof ApplicationException application) {
            return new FailureAnalysis(application.wrong(), sentence(application.fix()), cause);
        }
        String description = "Leasehold cannot start its elections: " + cause.getMessage();
        Matcher setting = SETTING.matcher(cause.getMessage());
        // Any other message has the fix in it, such as that on the native library.
        return new FailureAnalysis(description, setting.lookingAt() ? correct(setting.group(1)) : null, cause);
    }

    private static String correct(String setting) {
        String property = setting.replace('_', '-');
        return switch (setting) {
            case "lease" ->
                "Set spring.application.name, from which the Lease takes its name, or name the Lease by leasehold.lease.";
            case "mode" ->
                "Set leasehold.mode: `kubernetes` for a cluster, `file` for instances on one machine. With `always` "
                        + "each instance leads: for tests, and where there is never more than one.";
            case "kubeconfig" ->
                "Correct KUBECONFIG in the environment, or name the file by leasehold.kubeconfig, which takes precedence.";
            default ->
                "Correct leasehold." + property + ", or leasehold.elections.<name>." + property + ", or LEASEHOLD_"
                        + setting.toUpperCase(Locale.ROOT) + " in the environment: the one that you have set.";
        };
    }

    private static String sentence(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
    }
}
