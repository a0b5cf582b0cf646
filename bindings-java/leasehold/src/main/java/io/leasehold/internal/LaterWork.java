package io.leasehold.internal;

import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;

/**
 * What the result of guarded work says about work that goes on after the call has returned. A future is waited for. What
 * begins its work only when somebody asks for it, or never says when it has ended, is refused.
 */
public final class LaterWork {
    private static final List<Class<?>> REFUSED =
            List.of(BaseStream.class, Iterator.class, Callable.class, Thread.class, Flow.Publisher.class);

    /** By name, since they are of libraries that the application may have. */
    private static final Set<String> REFUSED_OF_LIBRARIES = Set.of(
            "org.reactivestreams.Publisher",
            "io.reactivex.rxjava3.core.ObservableSource",
            "io.reactivex.rxjava3.core.SingleSource",
            "io.reactivex.rxjava3.core.MaybeSource",
            "io.reactivex.rxjava3.core.CompletableSource",
            "io.smallrye.mutiny.Uni",
            "io.vertx.core.Future",
            "kotlin.sequences.Sequence",
            "kotlin.coroutines.intrinsics.CoroutineSingletons",
            "kotlinx.coroutines.Job",
            "kotlinx.coroutines.flow.Flow",
            "org.springframework.web.context.request.async.DeferredResult",
            "org.springframework.web.context.request.async.WebAsyncTask",
            "org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
            "org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

    private LaterWork() {}

    /**
     * Whether the end of such a result's work is known, so that the Lease can be held until then.
     *
     * @param type the result's
     * @return whether it is
     */
    public static boolean isAwaited(Class<?> type) {
        return Future.class.isAssignableFrom(type) || CompletionStage.class.isAssignableFrom(type);
    }

    /**
     * Whether the work behind such a result goes on, or only begins, when nobody holds the Lease for it.
     *
     * @param type the result's
     * @return whether it does
     */
    public static boolean isRefused(Class<?> type) {
        return !isAwaited(type) && (REFUSED.stream().anyMatch(it -> it.isAssignableFrom(type)) || isOfLibrary(type));
    }

    private static boolean isOfLibrary(Class<?> type) {
        if (type == null) {
            return false;
        }
        boolean is = REFUSED_OF_LIBRARIES.contains(type.getName()) || isOfLibrary(type.getSuperclass());
        for (Class<?> each : type.getInterfaces()) {
            is = is || isOfLibrary(each);
        }
        return is;
    }

    /**
     * Fails if the work behind a result would go on unguarded.
     *
     * @param result what the work has returned; may be {@code null}
     * @throws IllegalStateException says what to do instead
     */
    public static void refuse(Object result) {
        if (result != null && isRefused(result.getClass())) {
            throw new IllegalStateException("guarded work returned a "
                    + result.getClass().getName()
                    + ", whose own work is done later, when nobody holds the Lease for it: do the work before you return,"
                    + " or return a CompletionStage, which is waited for");
        }
    }

    /**
     * Runs {@code end} when the work behind a result has ended: now, or when the future has completed.
     *
     * @param result what the work has returned; may be {@code null}
     * @param end what to do then
     */
    public static void whenEnded(Object result, Runnable end) {
        if (result instanceof CompletionStage<?> stage) {
            stage.whenComplete((value, failure) -> whenEnded(value, end));
        } else if (result instanceof Future<?> future && !future.isDone()) {
            Thread waiting = new Thread(null, () -> await(future, end), "leasehold-work", 0, false);
            waiting.setDaemon(true);
            waiting.start();
        } else {
            end.run();
        }
    }

    private static void await(Future<?> future, Runnable end) {
        while (!future.isDone()) {
            try {
                future.get();
            } catch (InterruptedException notYet) {
                // Nobody has a reason to interrupt this thread.
            } catch (ExecutionException | RuntimeException failed) {
                break;
            }
        }
        end.run();
    }
}
