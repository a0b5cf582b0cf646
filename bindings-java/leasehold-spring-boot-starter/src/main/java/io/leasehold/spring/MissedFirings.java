package io.leasehold.spring;

import java.lang.reflect.Method;
import java.time.Instant;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.scheduling.SchedulingAwareRunnable;
import org.springframework.scheduling.config.TaskSchedulerRouter;
import org.springframework.scheduling.support.ScheduledMethodRunnable;

/**
 * When this instance begins to lead, calls each method that wants to run for a firing that was missed. On the scheduler that
 * runs its others: so a long one does not keep the election's events waiting, and ends as they do when the context stops.
 */
final class MissedFirings
        implements ApplicationListener<PayloadApplicationEvent<LeadershipAcquiredEvent>>,
                BeanFactoryAware,
                DisposableBean {
    private static final Log LOG = LogFactory.getLog(LeaderOnly.class);

    /** For which method the thread asks, until that asks itself. */
    private static final ThreadLocal<Method> ASKED = new ThreadLocal<>();

    private final LeaderOnlyPostProcessor methods;
    private final TaskSchedulerRouter scheduler = new TaskSchedulerRouter();

    MissedFirings(LeaderOnlyPostProcessor methods) {
        this.methods = methods;
    }

    /** A call of a method of a bean, as a proxy guards it. */
    record Candidate(Object bean, Method method, String election, FiringTimes times)
            implements SchedulingAwareRunnable {
        /** Of several schedules, that of the firing that would be run. */
        @Override
        public String getQualifier() {
            return times.schedulerAt(Instant.now()).orElse(null);
        }

        @Override
        public void run() {
            ASKED.set(method);
            try {
                new ScheduledMethodRunnable(bean, AopUtils.selectInvocableMethod(method, bean.getClass())).run();
            } finally {
                ASKED.remove();
            }
        }
    }

    /** Whether the present call of a method is for what was missed; the next is not. */
    static boolean asksFor(Method method) {
        boolean asks = method.equals(ASKED.get());
        if (asks) {
            ASKED.remove();
        }
        return asks;
    }

    @Override
    public void setBeanFactory(BeanFactory beanFactory) {
        scheduler.setBeanFactory(beanFactory);
    }

    @Override
    public void onApplicationEvent(PayloadApplicationEvent<LeadershipAcquiredEvent> event) {
        String election = event.getPayload().election();
        methods.thatMayMissFirings()
                .filter(it -> it.election().equals(election))
                .forEach(this::schedule);
    }

    /** If a scheduler refuses one, as when it is shut down, the others still run. */
    private void schedule(Candidate candidate) {
        try {
            scheduler.schedule(candidate, Instant.now());
        } catch (RuntimeException refused) {
            LOG.error(
                    "cannot run " + LeaderOnlyMethod.name(candidate.method()) + " for a firing that it may have missed",
                    refused);
        }
    }

    @Override
    public void destroy() {
        scheduler.destroy();
    }
}
