package io.leasehold.spring;

/**
 * The Lease names another holder, or none. Tells nothing about who is entitled to act now.
 *
 * @param election the election's name
 * @param holder the identity, or {@code null}
 */
public record LeaderChangedEvent(String election, String holder) implements LeadershipEvent {}
