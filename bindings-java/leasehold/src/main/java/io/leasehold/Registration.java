package io.leasehold;

/** A listener's or service's registration. */
public interface Registration extends AutoCloseable {
    /**
     * Ends it: the listener is no longer called, the service is stopped. Does not wait for a call that is under way, so
     * it may be called from anywhere, also from the listener itself. Does nothing the second time.
     */
    @Override
    void close();
}
