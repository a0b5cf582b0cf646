package io.leasehold.spring;

import io.leasehold.LeadershipLostException;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The method runs on the leader only; on a standby it is skipped. The Lease is not released before it returns, or
 * {@code leasehold.drain-timeout} has passed.
 *
 * <pre>{@code
 * @LeaderOnly("billing")
 * @Scheduled(cron = "0 0 2 * * *")
 * void billing() { … }
 * }</pre>
 *
 * <ul>
 *   <li>It applies outside {@code @Transactional}, Spring 7's {@code @Retryable} and everything else that Spring puts
 *       around a method, and inside {@code @Async}: the thread that does the work asks who leads, and still holds the
 *       Lease when the transaction commits.
 *   <li>Spring applies it by a proxy, so a call from another method of the same class is not guarded; {@link
 *       LeaderAssert} notices that. A method that no proxy can guard fails at startup: a private, static or final one,
 *       or one of a final class.
 *   <li>A skipped method returns null, an empty {@code Optional}, or a future completed with null. A primitive cannot
 *       say "skipped": such a method fails at startup, unless it throws instead.
 *   <li>The work ends when the method returns; if it returns a {@code Future} or {@code CompletionStage}, when that has
 *       completed. A method whose work goes on after it has returned fails at startup: a suspending
 *       function of Kotlin, or one that returns a reactive type, a stream, an iterator or a {@code Callable}. If it hands
 *       work to other threads, it must wait for it, or return its future.
 *   <li>You may put it on your own annotations, together with {@code @Scheduled}.
 *   <li>With {@link #claim} each firing of a cron expression runs at most once, even if leadership changes just then.
 * </ul>
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface LeaderOnly {
    /**
     * The election: a name of {@code leasehold.elections}, or the default one. Placeholders such as {@code ${billing.election}} are
     * resolved. One that is not configured fails at startup, and so does any where {@link LeaseholdAutoConfiguration} is
     * not part of the context.
     *
     * @return its name
     */
    String value() default ClusterLeaderService.DEFAULT_ELECTION;

    /**
     * What a call does on an instance that does not lead.
     *
     * @return whether it is skipped or throws
     */
    OnStandby onStandby() default OnStandby.SKIP;

    /**
     * The name of the job, under which the Lease remembers when its last firing was due: 1 to 128 visible ASCII
     * characters without spaces, another one for each method of each bean. So a firing never runs twice, no matter who
     * leads, and is skipped if it has begun already; see {@link io.leasehold.LeaderElection#claim}. A firing that was
     * interrupted does not run again.
     *
     * <p>For {@code @Scheduled(cron = …)} only: each call is the latest firing that its expression has by now in its {@code zone},
     * or the next one if that is due within a minute and within a tenth of the time between two, since a timer is early if the
     * clock was set back. Name the zone unless all instances have the same. Firings of {@code fixedRate} and
     * {@code fixedDelay} are due at no time that instances have in common: those fail at startup. Placeholders are resolved. By
     * default nothing is claimed.
     *
     * @return the name
     */
    String claim() default "";

    /**
     * How old a missed firing may be for the next leader to run it, for example {@code 1h}: nobody led when it was due,
     * or the leader had died. Of several only the latest runs, and none of a job that never ran. It runs on the
     * scheduler that {@code @Scheduled} names, or on that of the others, not on a thread of {@code @Async}. By default
     * missed firings do not run. Placeholders are resolved.
     *
     * @return a duration as Spring Boot reads it
     */
    String missedWithin() default "";

    /** What a call does on an instance that does not lead. */
    enum OnStandby {
        /** Nothing. For scheduled jobs. */
        SKIP,
        /** Throws {@link LeadershipLostException}. For calls that somebody waits for. */
        THROW
    }
}
