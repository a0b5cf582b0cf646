package io.leasehold.spring;

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

    /** Reads the methods of a bean's class, and fails where one of them could not do what it says. */
    void check(Class<?> type) {
        if (AnnotationUtils.isCandidateClass(type, LeaderOnly.class)) {
            Map<Method, LeaderOnly> methods = MethodIntrospector.selectMethods(type, LeaderOnlyMethods::annotation);
            methods.forEach((method, annotation) -> known.computeIfAbsent(method, it -> read(it, annotation)));
        }
    }

    /** What a method says that a proxy stands before. */
    LeaderOnlyMethod get(Method method) {
        return known.computeIfAbsent(method, it -> read(it, annotation(it)));
    }

    private LeaderOnlyMethod read(Method method, LeaderOnly annotation) {
        LeaderOnlyMethod guarded = LeaderOnlyMethod.of(method, annotation, placeholders.apply(annotation.value()));
        // Fails where there is no such lock.
        service.get().election(guarded.lock());
        return guarded;
    }

    private static LeaderOnly annotation(Method method) {
        return AnnotatedElementUtils.findMergedAnnotation(method, LeaderOnly.class);
    }
}
