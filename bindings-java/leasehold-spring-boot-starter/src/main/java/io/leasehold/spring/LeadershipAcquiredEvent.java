package io.leasehold.spring;

import io.leasehold.Term;

/**
 * This instance leads.
 *
 * @param lock the lock's name
 * @param term the term, which may be over already
 */
public record LeadershipAcquiredEvent(String lock, Term term) implements LeadershipEvent {}
