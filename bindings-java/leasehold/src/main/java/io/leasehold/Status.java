package io.leasehold;

import java.time.Duration;

/**
 * How an election stands, for people and probes.
 *
 * @param lease the name of the Lease
 * @param mode where the Lease is kept
 * @param identity this candidate's holder string; {@code null} while it does not run
 * @param role what this candidate is doing
 * @param holder the holder that the Lease names, as last observed; {@code null} when there is none
 * @param whyNotLeading why this instance is not leading, in a sentence; {@code null} while it leads
 * @param failing the last request's error, until one succeeds again; {@code null} when there is none
 * @param watching whether changes of the Lease are watched; otherwise they are polled
 * @param fencingToken the present term's fencing token; {@code null} when there is none
 * @param remaining how long the leadership lasts unless it is renewed; zero when there is none
 */
public record Status(
        String lease,
        Mode mode,
        String identity,
        Role role,
        String holder,
        String whyNotLeading,
        LeaseholdException failing,
        boolean watching,
        Long fencingToken,
        Duration remaining) {}
