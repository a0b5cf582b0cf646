package io.leasehold.candidate;

import io.leasehold.LeaderElection;
import java.util.Objects;

/** Why a candidate does not lead, on its standard error. */
final class Reasons {
    /** A look takes a lock and memory: not at each answer. */
    private static final int ANSWERS_PER_LOOK = 50;

    private int answers;
    private String written = "";

    /** Writes a reason that is new. That a countdown goes on is no news. */
    void lookAt(LeaderElection election) {
        answers++;
        if (answers % ANSWERS_PER_LOOK != 0) {
            return;
        }
        String reason = Objects.requireNonNullElse(election.status().whyNotLeading(), "");
        String essence = reason.replaceAll("\\d", "");
        if (!reason.isEmpty() && !essence.equals(written)) {
            System.err.println("not leading: " + reason);
        }
        written = essence;
    }
}
