package io.leasehold.spring;

import io.leasehold.Term;

/**
 * This instance leads.
 *
 * @param election the election's name
 * @param term the term, which may be over already
 */
public record LeadershipAcquiredEvent(String election, Term term) implements LeadershipEvent {}
