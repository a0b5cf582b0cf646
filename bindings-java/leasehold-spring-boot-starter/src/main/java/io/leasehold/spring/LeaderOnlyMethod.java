package io.leasehold.spring;

import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import org.springframework.core.ReactiveAdapterRegistry;

/** What is to be known about one {@link LeaderOnly} method. Made at startup, so that what cannot work fails there. */
record LeaderOnlyMethod(String lock, OnStandby onStandby, Class<?> returnType) {

    static LeaderOnlyMethod of(Method method, LeaderOnly annotation, String lock) {
        LeaderOnlyMethod guarded = new LeaderOnlyMethod(lock, annotation.onStandby(), method.getReturnType());
        guarded.refuseWhatCannotWork(method);
        return guarded;
    }

    private void refuseWhatCannotWork(Method method) {
        int modifiers = method.getModifiers();
        if (Modifier.isPrivate(modifiers) || Modifier.isStatic(modifiers) || Modifier.isFinal(modifiers)) {
            throw fault(
                    method,
                    "it would run on every instance, since no proxy can stand before a private, static or final method",
                    "make it none of these");
        }
        if (returnType.isPrimitive() && returnType != void.class && onStandby == OnStandby.SKIP) {
            throw fault(
                    method,
                    "a standby has no " + returnType + " to return",
                    "return void or an object, or set onStandby = THROW");
        }
        if (isReactive()) {
            throw fault(
                    method,
                    "the work would begin after it has returned its " + returnType.getSimpleName()
                            + ", when nobody holds the Lease for it",
                    "call runIfLeader where the work is done");
        }
    }

    private static ApplicationException fault(Method method, String wrong, String fix) {
        String name = method.getDeclaringClass().getName() + "." + method.getName();
        return new ApplicationException("@LeaderOnly on " + name + "(): " + wrong, fix);
    }

    /** What a skipped call returns: as little as the caller can bear. */
    Object skipped() {
        if (returnType == Optional.class) {
            return Optional.empty();
        }
        return isFuture() && returnType.isAssignableFrom(CompletableFuture.class)
                ? CompletableFuture.completedFuture(null)
                : null;
    }

    private boolean isReactive() {
        boolean isPublisher = Flow.Publisher.class.isAssignableFrom(returnType);
        return isPublisher || !isFuture() && ReactiveAdapterRegistry.getSharedInstance().getAdapter(returnType) != null;
    }

    private boolean isFuture() {
        return Future.class.isAssignableFrom(returnType) || CompletionStage.class.isAssignableFrom(returnType);
    }
}
