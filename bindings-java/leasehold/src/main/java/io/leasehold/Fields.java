package io.leasehold;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** What comes from the native half and is more than a number: texts by name. What is absent there has none. */
final class Fields {
    private final Map<String, String> byName = new LinkedHashMap<>();

    private Fields(String[] namesAndTexts) {
        for (int at = 0; at < namesAndTexts.length; at += 2) {
            byName.put(namesAndTexts[at], namesAndTexts[at + 1]);
        }
    }

    /** Null if the native half has nothing. */
    static Fields of(String[] namesAndTexts) {
        return namesAndTexts == null ? null : new Fields(namesAndTexts);
    }

    /** Null if it is absent. */
    String find(String name) {
        return byName.get(name);
    }

    String text(String name) {
        String text = find(name);
        if (text == null) {
            throw new InternalException("the native half did not say `" + name + "`, only " + byName.keySet());
        }
        return text;
    }

    /** Those whose names begin with `prefix`, by what follows it. */
    Map<String, String> below(String prefix) {
        Map<String, String> below = new LinkedHashMap<>();
        byName.forEach((name, text) -> {
            if (name.startsWith(prefix)) {
                below.put(name.substring(prefix.length()), text);
            }
        });
        return below;
    }

    long number(String name) {
        return Long.parseLong(text(name));
    }

    Term term(long election) {
        return new NativeTerm(
                election,
                number("fencing_token"),
                Math.toIntExact(number("transitions")),
                text("lease_uid"),
                Instant.EPOCH.plusNanos(number("acquired_at")),
                Acquisition.named(text("acquisition")));
    }

    /** Null if there is none. */
    LeaseholdException error() {
        String kind = find("error_kind");
        return kind == null ? null : ErrorKind.named(kind).exception(text("error_message"));
    }

    Status status() {
        return new Status(
                text("lease"),
                Mode.named(text("mode")),
                find("identity"),
                Role.named(text("role")),
                find("holder"),
                find("why_not_leading"),
                error(),
                Boolean.parseBoolean(text("watching")),
                find("fencing_token") == null ? null : number("fencing_token"),
                Duration.ofNanos(number("remaining")));
    }

    /** Tells the listener of that number of an event. One of a kind that it does not know passes by. */
    void tell(long election, long number, LeadershipListener listener) {
        switch (text("event")) {
            case "acquired" -> listener.acquired(term(election));
            case "lost" -> listener.lost(new NativeLoss(number, term(election), LostReason.named(text("reason"))));
            case "leader_changed" -> listener.leaderChanged(find("holder"));
            case "renewal_failing" -> listener.renewalFailing(error());
            case "stopped" -> listener.stopped();
            default -> {}
        }
    }
}
