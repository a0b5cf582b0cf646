package io.leasehold.spring;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
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
                Stream<Advisor> async = Stream.concat(takeAsyncFromWithin(proxy, proxy, beanName), asyncOf(proxy));
                putFirst(Stream.concat(async, ours.stream()).toList(), proxy);
            }
        }
        return bean;
    }

    /** The proxy may be around another, as when {@code @EnableAsync} has the first order of all. */
    private static Stream<Advisor> takeAsyncFromWithin(Advised proxy, Advised outermost, String beanName) {
        if (AopProxyUtils.getSingletonTarget(proxy) instanceof Advised inner) {
            List<Advisor> async = asyncOf(inner).toList();
            refuseUnlessMovable(async, inner, outermost, beanName);
            async.forEach(inner::removeAdvisor);
            return Stream.concat(takeAsyncFromWithin(inner, outermost, beanName), async.stream());
        }
        return Stream.empty();
    }

    private static void refuseUnlessMovable(List<Advisor> async, Advised inner, Advised outermost, String beanName) {
        Class<?> seen = Objects.requireNonNull(outermost.getTargetClass(), "a proxy around another");
        if (async.isEmpty() || !inner.isFrozen() && async.stream().allMatch(it -> AopUtils.canApply(it, seen))) {
            return;
        }
        for (Method method : LeaderOnlyMethods.of(AopProxyUtils.ultimateTargetClass(outermost))
                .keySet()) {
            throw hidden(
                    method,
                    beanName,
                    "the Lease would be released while its work goes on, since the proxy of @Async is "
                            + (inner.isFrozen() ? "frozen" : "one of interfaces, which hides its class")
                            + ", and another is around it");
        }
    }

    /** What keeps advice from being where it must. */
    static ApplicationException hidden(Method method, String beanName, String wrong) {
        return new ApplicationException(
                "@LeaderOnly on " + new LeaderOnlyMethods.BeanMethod(beanName, method) + ": " + wrong,
                "let the proxies of that bean extend its class, as by @EnableAsync(proxyTargetClass = true), and freeze "
                        + "none");
    }

    /** Whether our advice is in this proxy, or one within. */
    static boolean isGuarded(Advised proxy) {
        return !matching(OrderOfAdvice::isOurs, proxy).isEmpty()
                || AopProxyUtils.getSingletonTarget(proxy) instanceof Advised inner && isGuarded(inner);
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
