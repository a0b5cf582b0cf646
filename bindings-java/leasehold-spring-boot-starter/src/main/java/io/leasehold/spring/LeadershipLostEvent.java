package io.leasehold.spring;

import io.leasehold.LostReason;
import io.leasehold.Term;

/**
 * This instance leads no more: stop the guarded work, then return. The Lease is not released before every listener has
 * returned, or {@code leasehold.drain-timeout} has passed. An asynchronous listener is not waited for. A listener may
 * close the context; {@code System.exit}, which returns to nobody, belongs on another thread.
 *
 * @param lock the lock's name
 * @param term the term that is over
 * @param reason why
 */
public record LeadershipLostEvent(String lock, Term term, LostReason reason) implements LeadershipEvent {}
