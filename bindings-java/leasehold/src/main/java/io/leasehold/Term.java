package io.leasehold;

import java.time.Duration;
import java.time.Instant;

/**
 * One uninterrupted leadership of this instance. It has one beginning, one end and one fencing token, and is never taken
 * up again. Use it from any thread.
 */
public interface Term {
    /**
     * A number that only grows from term to term, no matter who leads: the resource version of the write that won it.
     * Send it with each write that must not be done twice, and let the receiver refuse a smaller one than it has seen.
     *
     * @return the token
     */
    long fencingToken();

    /**
     * The Lease's own count of acquisitions. Starts again from zero when the Lease is deleted.
     *
     * @return the count
     */
    int transitions();

    /**
     * The UID of the Lease object.
     *
     * @return the UID
     */
    String leaseUid();

    /**
     * When the term was won, by this machine's wall clock. For display.
     *
     * @return the time
     */
    Instant acquiredAt();

    /**
     * How it came about: what had become of the last holder.
     *
     * @return what
     */
    Acquisition acquisition();

    /**
     * Whether this instance still leads under this term, at this very call.
     *
     * @return false once the term is over, for good
     */
    boolean isValid();

    /**
     * How long the term lasts unless it is renewed.
     *
     * @return zero when it is over
     */
    Duration remaining();

    /**
     * Does nothing while the term lasts. For the points of a long job where it may stop.
     *
     * @throws LeadershipLostException once the term is over
     */
    void check();
}
