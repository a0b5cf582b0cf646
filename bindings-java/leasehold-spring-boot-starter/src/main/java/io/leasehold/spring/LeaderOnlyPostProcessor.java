package io.leasehold.spring;

import java.util.function.Supplier;
import org.springframework.aop.Pointcut;
import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;

/**
 * Puts a proxy before each bean with {@link LeaderOnly} methods.
 *
 * <p>It comes after the auto-proxy creator and goes before what that has added, so outside {@code @Transactional}
 * no matter what its order is; and it comes before the one of {@code @Async}, which goes before it in turn.
 */
final class LeaderOnlyPostProcessor extends AbstractBeanFactoryAwareAdvisingPostProcessor {
    private static final long serialVersionUID = 1L;

    private final transient Supplier<ClusterLeaderService> service;
    private transient LeaderOnlyMethods methods;

    LeaderOnlyPostProcessor(Supplier<ClusterLeaderService> service) {
        this.service = service;
        setBeforeExistingAdvisors(true);
        // A job's method is rarely one of an interface.
        setProxyTargetClass(true);
        setOrder(LOWEST_PRECEDENCE - 1);
    }

    @Override
    public void setBeanFactory(BeanFactory beanFactory) {
        super.setBeanFactory(beanFactory);
        ConfigurableBeanFactory factory = (ConfigurableBeanFactory) beanFactory;
        methods = new LeaderOnlyMethods(service, factory::resolveEmbeddedValue);
        Pointcut guarded = new AnnotationMatchingPointcut(null, LeaderOnly.class, true);
        advisor = new DefaultPointcutAdvisor(guarded, new LeaderOnlyInterceptor(methods, service));
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        methods.check(AopUtils.getTargetClass(bean));
        return bean;
    }
}
