package io.leasehold;

/** Does what is to run once when the native half says so. */
final class OnceCaller<E extends Exception> {
    /** How long a thread waits until it looks whether it was interrupted. */
    private static final long SLICE_NANOS = 50_000_000;

    private final NativeElection election;
    private final LeaderTask<E> work;

    OnceCaller(NativeElection election, LeaderTask<E> work) {
        this.election = election;
        this.work = work;
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
            failure = run(news.term(election.number()));
            Native.onceEnded(call, failure == null ? null : failure.toString());
        }
    }

    /** What is known already comes before an interrupt: it may be that the work is done. */
    private static Fields await(long call) throws InterruptedException {
        while (true) {
            Fields news = Fields.of(Native.awaitOnce(call, SLICE_NANOS));
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

    /** As what the work may throw: it has thrown that, or what is unchecked. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> E asDeclared(Throwable failure) throws E {
        throw (E) failure;
    }
}
