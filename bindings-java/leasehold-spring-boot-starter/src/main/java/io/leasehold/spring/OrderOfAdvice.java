package io.leasehold.spring;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.scheduling.annotation.AsyncAnnotationAdvisor;

/**
 * Of a bean with {@link LeaderOnly} methods, puts the advice of {@code @Async} first, then ours, then all other, no
 * matter in what order they were added.
 *
 * <p>Inside a retry, the second attempt would be skipped, since the first has begun the firing; outside of {@code
 * @Async}, the Lease would be released while the work goes on. Has no order itself: so Spring calls it after all that
 * add advice, since those have one.
 */
final class OrderOfAdvice implements BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        if (bean instanceof Advised proxy) {
            List<Advisor> ours = matching(OrderOfAdvice::isOurs, proxy);
            if (!ours.isEmpty()) {
                Stream<Advisor> async = Stream.concat(takeAsyncFromWithin(proxy), asyncOf(proxy));
                putFirst(Stream.concat(async, ours.stream()).toList(), proxy);
            }
        }
        return bean;
    }

    /** The proxy may be around another, as when {@code @EnableAsync} has the first order of all. */
    private static Stream<Advisor> takeAsyncFromWithin(Advised proxy) {
        if (AopProxyUtils.getSingletonTarget(proxy) instanceof Advised inner) {
            List<Advisor> async = asyncOf(inner).toList();
            async.forEach(inner::removeAdvisor);
            return Stream.concat(takeAsyncFromWithin(inner), async.stream());
        }
        return Stream.empty();
    }

    private static Stream<Advisor> asyncOf(Advised proxy) {
        return matching(AsyncAnnotationAdvisor.class::isInstance, proxy).stream();
    }

    /** Asks no other for its advice, which may be a bean that is not to be made yet. */
    private static boolean isOurs(Advisor advisor) {
        return advisor instanceof DefaultPointcutAdvisor known && known.getAdvice() instanceof LeaderOnlyInterceptor;
    }

    private static List<Advisor> matching(Predicate<Advisor> wanted, Advised proxy) {
        return Arrays.stream(proxy.getAdvisors()).filter(wanted).toList();
    }

    private static void putFirst(List<Advisor> first, Advised proxy) {
        if (Collections.indexOfSubList(Arrays.asList(proxy.getAdvisors()), first) != 0) {
            first.forEach(proxy::removeAdvisor);
            for (int at = 0; at < first.size(); at++) {
                proxy.addAdvisor(at, first.get(at));
            }
        }
    }
}
