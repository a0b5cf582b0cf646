// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;
import java.util.function.Function;

/** What went wrong, and so what to do. In other languages each kind is an exception. */
public enum ErrorKind {
    /** A setting is wrong: the message names the field, its value and the fix. Retrying cannot help. */
    CONFIG(ConfigException::new),
    /** The API server refuses a verb: grant the Role that the message prints. */
    FORBIDDEN(ForbiddenException::new),
    /** The credentials were not accepted: they have expired or belong to another cluster. */
    UNAUTHORIZED(UnauthorizedException::new),
    /** The store cannot be reached or refuses work for now. The election goes on trying. */
    UNAVAILABLE(UnavailableException::new),
    /**
     * It took too long: a request, of which nobody knows whether it took effect, or a wait. The message says what was
     * waited for.
     */
    TIMED_OUT(TimedOutException::new),
    /** The stored record cannot be understood: the message says what is wrong with it. */
    CORRUPT(CorruptException::new),
    /** Another process writes under this candidate's identity: give each its own. */
    IDENTITY_CONFLICT(IdentityConflictException::new),
    /** This instance is not, or no longer, the leader: stop the guarded work. */
    LEADERSHIP_LOST(LeadershipLostException::new),
    /**
     * Work that is to run once has failed as often as it may: the message says with what. It is not tried again under
     * this key.
     */
    WORK_FAILED(WorkFailedException::new),
    /** This process is a fork of the one that started the election: start one of its own. */
    FORKED(ForkedException::new),
    /** The election has been stopped or closed, or was never started. */
    CLOSED(ClosedException::new),
    /** A defect in Leasehold: please report it. */
    INTERNAL(InternalException::new);

    private final Function<String, LeaseholdException> exception;

    ErrorKind(Function<String, LeaseholdException> exception) {
        this.exception = exception;
    }

    static ErrorKind named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /**
     * An exception of this kind, which is not thrown yet.
     *
     * @param message what was attempted, what happened and what would help
     * @return the exception
     */
    public LeaseholdException exception(String message) {
        return exception.apply(message);
    }
}
