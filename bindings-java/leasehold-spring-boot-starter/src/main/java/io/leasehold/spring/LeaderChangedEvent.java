package io.leasehold.spring;

/**
 * The Lease names another holder, or none. Tells nothing about who is entitled to act now.
 *
 * @param lock the lock's name
 * @param holder the identity, or {@code null}
 */
public record LeaderChangedEvent(String lock, String holder) implements LeadershipEvent {}
