package io.leasehold.processes;

/** Whose turn it is to do a piece of work. */
enum Work {
    /** One process works after the other. */
    OF_THE_LEADER,
    /** Processes take turns. */
    UNDER_A_LOCK
}
