package io.leasehold.spring;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.springframework.aop.Pointcut;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.EmbeddedValueResolver;

/**
 * Puts a proxy before each bean with {@link LeaderOnly} methods.
 *
 * <p>Before those of Spring that hand a bean on to who calls it, as listeners of queues do. Where its advice belongs
 * among that of others, {@link OrderOfAdvice} says.
 */
final class LeaderOnlyPostProcessor extends AbstractBeanFactoryAwareAdvisingPostProcessor {
    private static final long serialVersionUID = 1L;

    private final transient Supplier<ClusterLeaderService> service;
    /** With the latest object of each bean: a prototype, or what a scope makes again, replaces the one before. */
    private final transient Map<LeaderOnlyMethods.BeanMethod, MissedFirings.Candidate> mayMissFirings =
            new ConcurrentHashMap<>();

    private transient LeaderOnlyMethods methods;

    LeaderOnlyPostProcessor(Supplier<ClusterLeaderService> service) {
        this.service = service;
        // A job's method is rarely one of an interface.
        setProxyTargetClass(true);
        setOrder(LOWEST_PRECEDENCE - 1);
    }

    @Override
    public void setBeanFactory(BeanFactory beanFactory) {
        super.setBeanFactory(beanFactory);
        ConfigurableBeanFactory factory = (ConfigurableBeanFactory) beanFactory;
        // As for @Scheduled.
        EmbeddedValueResolver placeholders = new EmbeddedValueResolver(factory);
        methods = new LeaderOnlyMethods(service, placeholders::resolveStringValue);
        Pointcut guarded = new AnnotationMatchingPointcut(null, LeaderOnly.class, true);
        advisor = new DefaultPointcutAdvisor(guarded, new LeaderOnlyInterceptor(methods, service));
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        methods.check(AopUtils.getTargetClass(bean), beanName);
        return bean;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        Object guarded = super.postProcessAfterInitialization(bean, beanName);
        if (!(bean instanceof AopInfrastructureBean)) {
            refuseUnguarded(guarded, beanName);
            methods.thatMayMissFirings(AopUtils.getTargetClass(bean))
                    .forEach((method, it) -> mayMissFirings.put(
                            new LeaderOnlyMethods.BeanMethod(beanName, method),
                            new MissedFirings.Candidate(
                                    guarded, method, it.election(), it.claims().times())));
        }
        return guarded;
    }

    /** Around a proxy of interfaces, another sees annotations of interfaces alone: so ours is not in it. */
    private static void refuseUnguarded(Object bean, String beanName) {
        if (bean instanceof Advised proxy && !OrderOfAdvice.isGuarded(proxy)) {
            for (Method method : LeaderOnlyMethods.of(AopProxyUtils.ultimateTargetClass(bean))
                    .keySet()) {
                throw OrderOfAdvice.hidden(
                        method,
                        beanName,
                        "it would run on every instance, since a proxy of interfaces hides its class");
            }
        }
    }

    /** Methods of beans, that want to run for what was missed. */
    Stream<MissedFirings.Candidate> thatMayMissFirings() {
        return mayMissFirings.values().stream();
    }
}
