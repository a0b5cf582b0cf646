package io.leasehold.spring;

import io.leasehold.ConfigException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/** Finds the {@link LeaderOnly} methods of beans, and remembers what they say. */
final class LeaderOnlyMethods {
    private final Supplier<ClusterLeaderService> service;
    private final UnaryOperator<String> placeholders;
    private final Map<Method, LeaderOnlyMethod> known = new ConcurrentHashMap<>();

    LeaderOnlyMethods(Supplier<ClusterLeaderService> service, UnaryOperator<String> placeholders) {
        this.service = service;
        this.placeholders = placeholders;
    }

    /** The guarded methods of a class. */
    static Map<Method, LeaderOnly> of(Class<?> type) {
        return AnnotationUtils.isCandidateClass(type, LeaderOnly.class)
                ? MethodIntrospector.selectMethods(type, LeaderOnlyMethods::annotation)
                : Map.of();
    }

    /** Reads the methods of a bean's class, and fails if one of them could not do what it says. */
    void check(Class<?> type) {
        of(type).forEach((method, annotation) -> known.computeIfAbsent(method, it -> read(type, it, annotation)));
    }

    /** What a method says that a proxy stands before. */
    LeaderOnlyMethod get(Method method) {
        LeaderOnlyMethod read = known.get(method);
        return read != null
                ? read
                : known.computeIfAbsent(method, it -> read(it.getDeclaringClass(), it, annotation(it)));
    }

    private LeaderOnlyMethod read(Class<?> type, Method method, LeaderOnly annotation) {
        String name = placeholders.apply(annotation.value());
        LeaderOnlyMethod guarded = LeaderOnlyMethod.of(type, method, annotation, name);
        try {
            service.get().election(name);
        } catch (ConfigException noSuchElection) {
            throw LeaderOnlyMethod.unknownElection(method, noSuchElection);
        }
        return guarded;
    }

    private static LeaderOnly annotation(Method method) {
        return AnnotatedElementUtils.findMergedAnnotation(method, LeaderOnly.class);
    }
}
