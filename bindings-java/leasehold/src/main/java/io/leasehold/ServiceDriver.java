package io.leasehold;

import java.lang.System.Logger.Level;

/** Starts and stops a singleton service as its listener. */
final class ServiceDriver implements LeadershipListener {
    private final SingletonService service;
    private boolean started;

    ServiceDriver(SingletonService service) {
        this.service = service;
    }

    @Override
    public void acquired(Term term) {
        started = true;
        try {
            service.start(term);
        } catch (Exception failure) {
            Log.LOGGER.log(
                    Level.ERROR, "a singleton service failed to start; it is stopped when the term ends", failure);
        }
    }

    @Override
    public void lost(Loss loss) {
        stop();
    }

    /** Removed while it runs: nobody else will stop it. */
    @Override
    public void removed() {
        stop();
    }

    private void stop() {
        if (!started) {
            return;
        }
        started = false;
        try {
            service.stop();
        } catch (Exception failure) {
            Log.LOGGER.log(Level.ERROR, "a singleton service failed to stop; it counts as stopped", failure);
        }
    }
}
