package io.leasehold;

/** Does what is to run once when the native half says so. */
class OnceCaller<E extends Exception> {
    private final NativeElection election;
    private final LeaderTask<E> work;

    OnceCaller(NativeElection election, LeaderTask<E> work) {
        this.election = election;
        this.work = work;
    }

    /** Begins a call. A stop that is under way is waited for, unless it waits for the calling thread. */
    long begin(String key) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException("before the work of `" + key + "` was begun");
            }
            long call = Native.beginOnce(election.number(), key, election.isBusy(), Native.SLICE_NANOS);
            if (call != 0) {
                return call;
            }
        }
    }

    /** Returns whether the work was done here. */
    boolean call(long call) throws E, InterruptedException {
        Throwable failure = null;
        while (true) {
            Fields news = await(call);
            if (news.find("done_here") != null) {
                return Boolean.parseBoolean(news.text("done_here"));
            }
            if (news.find("failed") != null) {
                throw OnceCaller.<E>asDeclared(failure);
            }
            Term term = news.term(election.number());
            if (!term.isValid()) {
                // There was a pause. What comes instead, the next news say.
                Native.dropOnce(call);
                continue;
            }
            failure = run(term);
            Native.onceEnded(call, failure == null ? null : textOf(failure));
        }
    }

    /** What is known already comes before an interrupt: it may be that the work is done. */
    Fields await(long call) throws InterruptedException {
        while (true) {
            Fields news = Fields.of(Native.awaitOnce(call, Native.SLICE_NANOS));
            if (news != null) {
                return news;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException("while waiting for work that runs once");
            }
        }
    }

    /** Returns what it has failed with, or null. */
    private Throwable run(Term term) throws InterruptedException {
        try (NativeElection.Busy busy = election.busy()) {
            work.run(term);
            return null;
        } catch (Throwable failure) {
            if (failure instanceof InterruptedException interrupted) {
                throw interrupted;
            }
            return failure;
        }
    }

    /** The message for others who wait for work that has failed. */
    private static String textOf(Throwable failure) {
        String text = null;
        try {
            text = failure.toString();
        } catch (Throwable unspeakable) {
            // Its class says something.
        }
        return text == null ? failure.getClass().getName() + ": an error that cannot be shown" : text;
    }

    /** As what the work may throw: it has thrown that, or what is unchecked. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> E asDeclared(Throwable failure) throws E {
        throw (E) failure;
    }
}
