package io.leasehold.spring;

import io.leasehold.ConfigException;
import io.leasehold.internal.LaterWork;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.springframework.core.ResolvableType;

/** What must be known about one {@link LeaderOnly} method. Made at startup, so that what cannot work fails there. */
record LeaderOnlyMethod(String name, String election, OnStandby onStandby, FiringClaims claims, Class<?> returnType) {
    /** The last parameter of each suspending function of Kotlin, as a JVM sees it. */
    private static final String CONTINUATION = "kotlin.coroutines.Continuation";

    static LeaderOnlyMethod of(
            Class<?> type, Method method, LeaderOnly annotation, UnaryOperator<String> placeholders) {
        OnStandby onStandby = annotation.onStandby();
        refuseWithoutProxy(type, method);
        refuseLaterWork(type, method);
        Class<?> returnType = method.getReturnType();
        if (returnType.isPrimitive() && returnType != void.class && onStandby == OnStandby.SKIP) {
            throw fault(
                    method,
                    "a standby has no " + returnType + " to return",
                    "return void or an object, or set onStandby = THROW");
        }
        String election = placeholders.apply(annotation.value());
        FiringClaims claims = FiringClaims.of(type, method, annotation, placeholders);
        return new LeaderOnlyMethod(name(method), election, onStandby, claims, returnType);
    }

    private static void refuseWithoutProxy(Class<?> type, Method method) {
        int modifiers = method.getModifiers();
        if (Modifier.isPrivate(modifiers) || Modifier.isStatic(modifiers) || Modifier.isFinal(modifiers)) {
            throw fault(
                    method,
                    "it would run on every instance, since no proxy can intercept a private, static or final method",
                    "make it none of these (in Kotlin: open)");
        }
        if (Modifier.isFinal(type.getModifiers())) {
            throw fault(
                    method,
                    "it would run on every instance, since no proxy can intercept a final class, such as a record",
                    "make the class open to extension (in Kotlin: open, or the compiler's plugin `spring`)");
        }
    }

    private static void refuseLaterWork(Class<?> type, Method method) {
        if (Arrays.stream(method.getParameterTypes())
                .anyMatch(it -> it.getName().equals(CONTINUATION))) {
            throw fault(
                    method,
                    "a suspending function returns when it suspends first, and nobody holds the Lease for the work after that",
                    "make it a plain function, and wait in it: runBlocking { … }");
        }
        later(ResolvableType.forMethodReturnType(method, type), true).ifPresent(it -> {
            throw fault(
                    method,
                    "the work behind a " + it.getSimpleName()
                            + " goes on, or only begins, after the method has returned "
                            + "it, when nobody holds the Lease for it",
                    "do the work before you return, or return one CompletableFuture, which is waited for");
        });
    }

    /** What in a result is worked on after the call, and not waited for. */
    private static Optional<Class<?>> later(ResolvableType type, boolean outermost) {
        if (type.isArray()) {
            return later(type.getComponentType(), false);
        }
        Class<?> known = type.resolve(Object.class);
        if (LaterWork.isRefused(known) || LaterWork.isAwaited(known) && !outermost) {
            return Optional.of(known);
        }
        if (!(type.getType() instanceof ParameterizedType)) {
            return Optional.empty();
        }
        return Arrays.stream(type.getGenerics())
                .map(it -> later(it, false))
                .flatMap(Optional::stream)
                .findFirst();
    }

    boolean mayMissFirings() {
        return claims != null && claims.missedWithin() != null;
    }

    /** The election's own error lacks where it is asked for. */
    static ApplicationException unknownElection(Method method, ConfigException error) {
        if (error instanceof ApplicationException ours) {
            return fault(method, ours.wrong(), ours.fix());
        }
        return fault(method, "its election cannot be used", Objects.toString(error.getMessage()));
    }

    static ApplicationException refusedJob(Method method, ConfigException error) {
        return fault(method, "its firings cannot be claimed", Objects.toString(error.getMessage()));
    }

    static ApplicationException fault(Method method, String wrong, String fix) {
        return new ApplicationException("@LeaderOnly on " + name(method) + ": " + wrong, fix);
    }

    static String name(Method method) {
        return method.getDeclaringClass().getName() + "." + method.getName() + "()";
    }

    /** What a skipped call returns: as little as the caller can bear. */
    Object skipped() {
        if (returnType == Optional.class) {
            return Optional.empty();
        }
        return LaterWork.isAwaited(returnType) && returnType.isAssignableFrom(CompletableFuture.class)
                ? CompletableFuture.completedFuture(null)
                : null;
    }
}
