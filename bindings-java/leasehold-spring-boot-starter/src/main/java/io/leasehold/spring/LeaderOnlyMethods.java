package io.leasehold.spring;

import io.leasehold.ConfigException;
import io.leasehold.LeaderElection;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/** Finds the {@link LeaderOnly} methods of beans, and remembers what they say. */
final class LeaderOnlyMethods {
    private final Supplier<ClusterLeaderService> service;
    private final UnaryOperator<String> placeholders;
    private final Map<OfType, LeaderOnlyMethod> known = new ConcurrentHashMap<>();
    /** Whose firings are claimed under a name, by election and job. */
    private final Map<String, BeanMethod> jobs = new ConcurrentHashMap<>();

    LeaderOnlyMethods(Supplier<ClusterLeaderService> service, UnaryOperator<String> placeholders) {
        this.service = service;
        this.placeholders = placeholders;
    }

    /** A method of this class or of one above it: whether a proxy can guard it depends on both. */
    private record OfType(Class<?> type, Method method) {}

    /** A method of a bean. All objects of one bean's name are one: so a prototype, or what a scope makes again. */
    record BeanMethod(String bean, Method method) {
        @Override
        public String toString() {
            return LeaderOnlyMethod.name(method) + " of the bean `" + bean + "`";
        }
    }

    /** The guarded methods of a class. */
    static Map<Method, LeaderOnly> of(Class<?> type) {
        return AnnotationUtils.isCandidateClass(type, LeaderOnly.class)
                ? MethodIntrospector.selectMethods(type, LeaderOnlyMethods::annotation)
                : Map.of();
    }

    /** Reads the methods of a bean, and fails if one of them could not do what it says. */
    void check(Class<?> type, String bean) {
        of(type).forEach((method, annotation) -> {
            LeaderOnlyMethod read =
                    known.computeIfAbsent(new OfType(type, method), it -> read(type, method, annotation));
            // For each bean, since several may have the method.
            takeJob(new BeanMethod(bean, method), read, false);
        });
    }

    /** The methods of a class that was checked, that want to run for what was missed. */
    Map<Method, LeaderOnlyMethod> thatMayMissFirings(Class<?> type) {
        return known.entrySet().stream()
                .filter(it -> it.getKey().type() == type && it.getValue().mayMissFirings())
                .collect(Collectors.toMap(it -> it.getKey().method(), Map.Entry::getValue));
    }

    /** What a method of a class says that a proxy stands before. */
    LeaderOnlyMethod get(Class<?> type, Method method) {
        LeaderOnlyMethod read = known.get(new OfType(type, method));
        return read != null
                ? read
                : known.computeIfAbsent(new OfType(type, method), it -> {
                    LeaderOnlyMethod unchecked = read(type, method, annotation(method));
                    // Not seen before is what a FactoryBean makes, and what another post-processor returns in place of
                    // a bean, whose job it has. Spring, too, names what has no name after its class.
                    takeJob(new BeanMethod(type.getName(), method), unchecked, true);
                    return unchecked;
                });
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
            checkJob(method, election, guarded.claims().job());
        }
        return guarded;
    }

    private static void checkJob(Method method, LeaderElection election, String job) {
        try {
            election.lastFiring(job);
        } catch (ConfigException noName) {
            throw LeaderOnlyMethod.refusedJob(method, noName);
        }
    }

    private void takeJob(BeanMethod taking, LeaderOnlyMethod guarded, boolean mayBeTheSameBean) {
        if (guarded.claims() == null) {
            return;
        }
        String job = guarded.claims().job();
        BeanMethod other = jobs.putIfAbsent(guarded.election() + " " + job, taking);
        if (other == null || other.equals(taking)) {
            return;
        }
        if (!mayBeTheSameBean || !other.method().equals(taking.method())) {
            throw LeaderOnlyMethod.fault(
                    taking.method(),
                    "the job `" + job + "` of the bean `" + taking.bean() + "` is also " + other
                            + "; of two firings that are due at one time, only one would run",
                    "give each method a job of its own by `claim`; if several beans have the method, override it in a class "
                            + "for each");
        }
    }

    private static LeaderOnly annotation(Method method) {
        return AnnotatedElementUtils.findMergedAnnotation(method, LeaderOnly.class);
    }
}
