package io.leasehold.spring;

import java.lang.reflect.Method;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Refuses {@link LeaderOnly} methods in a context without {@link LeaseholdAutoConfiguration}: nothing stands before them
 * there, so that they would run on every instance.
 */
final class UnguardedRefusal implements ApplicationContextInitializer<ConfigurableApplicationContext> {
    /** Made by Boot. */
    UnguardedRefusal() {}

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        context.addBeanFactoryPostProcessor(UnguardedRefusal::refuseUnlessGuarded);
    }

    private static void refuseUnlessGuarded(ConfigurableListableBeanFactory factory) {
        if (factory.getBeanNamesForType(LeaderOnlyPostProcessor.class, true, false).length == 0) {
            factory.addBeanPostProcessor(new Refusal());
        }
    }

    private static final class Refusal implements BeanPostProcessor {
        @Override
        public Object postProcessBeforeInitialization(Object bean, String beanName) {
            for (Method method :
                    LeaderOnlyMethods.of(AopUtils.getTargetClass(bean)).keySet()) {
                throw LeaderOnlyMethod.fault(
                        method,
                        "it would run on every instance, since LeaseholdAutoConfiguration is not part of this context",
                        "do not exclude it; in a test of a slice, @ImportAutoConfiguration(LeaseholdAutoConfiguration.class) "
                                + "and leasehold.mode=always");
            }
            return bean;
        }
    }
}
