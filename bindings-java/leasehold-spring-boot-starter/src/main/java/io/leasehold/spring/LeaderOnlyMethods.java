package io.leasehold.spring;

import io.leasehold.ConfigException;
import io.leasehold.LeaderElection;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
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
    /** Whose firings are claimed under a name, by election and job. */
    private final Map<String, Method> jobs = new ConcurrentHashMap<>();

    private final Map<Class<?>, Set<Method>> mayMissFirings = new ConcurrentHashMap<>();

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
        of(type).forEach((method, annotation) -> {
            LeaderOnlyMethod read = known.computeIfAbsent(method, it -> read(type, it, annotation));
            if (read.mayMissFirings()) {
                mayMissFirings
                        .computeIfAbsent(type, it -> ConcurrentHashMap.newKeySet())
                        .add(method);
            }
        });
    }

    /** The methods of a class that was checked, that want to run for what was missed. */
    Set<Method> thatMayMissFirings(Class<?> type) {
        return mayMissFirings.getOrDefault(type, Set.of());
    }

    /** What a method says that a proxy stands before. */
    LeaderOnlyMethod get(Method method) {
        LeaderOnlyMethod read = known.get(method);
        return read != null
                ? read
                : known.computeIfAbsent(method, it -> read(it.getDeclaringClass(), it, annotation(it)));
    }

    private LeaderOnlyMethod read(Class<?> type, Method method, LeaderOnly annotation) {
        LeaderOnlyMethod guarded = LeaderOnlyMethod.of(type, method, annotation, placeholders);
        LeaderElection election;
        try {
            election = service.get().election(guarded.election());
        } catch (ConfigException noSuchElection) {
            throw LeaderOnlyMethod.unknownElection(method, noSuchElection);
        }
        if (guarded.claims() != null) {
            checkJob(method, guarded.election(), election, guarded.claims().job());
        }
        return guarded;
    }

    private void checkJob(Method method, String name, LeaderElection election, String job) {
        try {
            election.lastFiring(job);
        } catch (ConfigException noName) {
            throw LeaderOnlyMethod.refusedJob(method, noName);
        }
        Method other = jobs.putIfAbsent(name + " " + job, method);
        if (other != null && !other.equals(method)) {
            throw LeaderOnlyMethod.fault(
                    method,
                    "the job `" + job + "` is also " + LeaderOnlyMethod.name(other)
                            + "; of two firings that are due at one time, only one would run",
                    "give each method a job of its own by `claim`");
        }
    }

    private static LeaderOnly annotation(Method method) {
        return AnnotatedElementUtils.findMergedAnnotation(method, LeaderOnly.class);
    }
}
