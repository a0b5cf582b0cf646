package io.leasehold;

import java.lang.System.Logger.Level;
import java.util.function.LongFunction;

/** Waits for events in the native half and tells a listener. A loss is acknowledged when the listener has returned. */
final class ListenerThread implements Registration {
    private final NativeElection election;
    private final long number;
    private final LeadershipListener listener;

    ListenerThread(NativeElection election, LeadershipListener listener) {
        this.election = election;
        this.number = Native.listen(election.number());
        this.listener = listener;
    }

    static Registration start(NativeElection election, LeadershipListener listener) {
        ListenerThread registration = new ListenerThread(election, listener);
        try {
            Background.daemon("leasehold-listener", () -> registration.listen(Native::nextEvent))
                    .start();
            return registration;
        } catch (Throwable failure) {
            Native.unlisten(registration.number);
            throw failure;
        }
    }

    @Override
    public void close() {
        Native.endListening(number);
    }

    /** @param events what waits for the next event of a number */
    void listen(LongFunction<String[]> events) {
        try {
            tellAll(events);
        } finally {
            // Acknowledges a loss that could not reach the listener.
            Native.unlisten(number);
        }
    }

    private void tellAll(LongFunction<String[]> events) {
        try {
            Fields event;
            while ((event = Fields.of(events.apply(number))) != null) {
                Fields present = event;
                tell(() -> present.tell(election.number(), number, listener));
            }
        } finally {
            tell(listener::removed);
        }
    }

    private void tell(Runnable call) {
        try (NativeElection.Busy busy = election.busy()) {
            call.run();
        } catch (Throwable failure) {
            Log.LOGGER.log(Level.ERROR, "a leadership listener failed; it still receives later events", failure);
        }
    }
}
