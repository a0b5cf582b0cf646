package io.leasehold.spring;

import static io.leasehold.spring.Contexts.leading;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncAnnotationAdvisor;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

class OrderOfAdviceTest {
    private static final List<String> HAPPENED = new CopyOnWriteArrayList<>();

    /** Says what happens to transactions, and whether that is guarded. */
    static class Transactions extends AbstractPlatformTransactionManager {
        private static final long serialVersionUID = 1L;

        @Override
        protected Object doGetTransaction() {
            return this;
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {
            LeaderAssert.assertLeader();
            HAPPENED.add("begin");
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {
            LeaderAssert.assertLeader();
            HAPPENED.add("commit");
        }

        @Override
        protected void doRollback(DefaultTransactionStatus status) {
            HAPPENED.add("roll back");
        }
    }

    static class Jobs {
        @LeaderOnly
        @Transactional
        void bill() {
            HAPPENED.add("bill");
        }

        @Async
        @LeaderOnly
        @Transactional
        CompletableFuture<String> billLater() {
            LeaderAssert.assertLeader();
            HAPPENED.add("bill");
            return CompletableFuture.completedFuture(Thread.currentThread().getName());
        }
    }

    static class Beans {
        @Bean
        PlatformTransactionManager transactions() {
            return new Transactions();
        }

        @Bean
        SimpleAsyncTaskExecutor applicationTaskExecutor() {
            return new SimpleAsyncTaskExecutor("worker-");
        }

        @Bean
        Jobs jobs() {
            return new Jobs();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAsync
    @EnableTransactionManagement
    static class InTheirUsualOrder extends Beans {}

    @Configuration(proxyBeanMethods = false)
    @EnableAsync(order = Ordered.LOWEST_PRECEDENCE)
    @EnableTransactionManagement(order = Ordered.HIGHEST_PRECEDENCE)
    static class TransactionsFirst extends Beans {}

    @Configuration(proxyBeanMethods = false)
    @EnableAsync(order = 0)
    @EnableTransactionManagement(order = Ordered.HIGHEST_PRECEDENCE)
    static class AsyncFirst extends Beans {}

    /** So that transactions have a proxy around that of {@code @Async}. */
    @Configuration(proxyBeanMethods = false)
    @EnableAsync(order = Ordered.HIGHEST_PRECEDENCE)
    @EnableTransactionManagement
    static class AsyncFirstOfAll extends Beans {}

    private static final List<Class<?>> ALL =
            List.of(InTheirUsualOrder.class, TransactionsFirst.class, AsyncFirst.class, AsyncFirstOfAll.class);

    private static ApplicationContextRunner jobs(Class<?> configuration) {
        HAPPENED.clear();
        return runner().withUserConfiguration(configuration);
    }

    @Test
    void theLeaseIsHeldWhenTheTransactionCommits() {
        for (Class<?> configuration : ALL) {
            jobs(configuration).run(context -> {
                leading(context);
                context.getBean(Jobs.class).bill();
                assertThat(HAPPENED).containsExactly("begin", "bill", "commit");
            });
        }
    }

    @Test
    void aStandbyBeginsNoTransaction() {
        jobs(InTheirUsualOrder.class).withPropertyValues("leasehold.mode=never").run(context -> {
            context.getBean(Jobs.class).bill();
            assertThat(HAPPENED).isEmpty();
        });
    }

    @Test
    void asynchronousWorkIsGuardedOnTheThreadThatDoesIt() {
        for (Class<?> configuration : ALL) {
            jobs(configuration).run(context -> {
                leading(context);
                String worker = context.getBean(Jobs.class).billLater().get(60, TimeUnit.SECONDS);
                assertThat(worker).startsWith("worker-");
                assertThat(HAPPENED).containsExactly("begin", "bill", "commit");
            });
        }
    }

    @Test
    void asynchronousWorkIsSkippedOnAStandby() {
        jobs(InTheirUsualOrder.class).withPropertyValues("leasehold.mode=never").run(context -> {
            assertThat(context.getBean(Jobs.class).billLater().get(60, TimeUnit.SECONDS))
                    .isNull();
            assertThat(HAPPENED).isEmpty();
        });
    }

    interface Billing {
        @Transactional
        CompletableFuture<String> billLater();
    }

    static class Bills implements Billing {
        @Async
        @LeaderOnly
        @Override
        public CompletableFuture<String> billLater() {
            LeaderAssert.assertLeader();
            HAPPENED.add("bill");
            return CompletableFuture.completedFuture(Thread.currentThread().getName());
        }
    }

    interface GuardedBilling {
        @LeaderOnly
        @Transactional
        CompletableFuture<String> billLater();
    }

    static class AsynchronousBills implements GuardedBilling {
        @Async
        @Override
        public CompletableFuture<String> billLater() {
            return CompletableFuture.completedFuture(Thread.currentThread().getName());
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAsync(order = Ordered.HIGHEST_PRECEDENCE, proxyTargetClass = true)
    @EnableTransactionManagement
    static class ProxiesThatExtendTheClass extends Beans {}

    @Test
    void whatProxiesOfInterfacesHideFromUsKeepsTheApplicationFromStarting() {
        for (Class<?> bills : List.of(Bills.class, AsynchronousBills.class)) {
            jobs(AsyncFirstOfAll.class)
                    // By default Boot 4 lets the proxy of @Async extend the class as well.
                    .withPropertyValues("spring.aop.proxy-target-class=false")
                    .withBean("bills", bills)
                    .run(context -> assertThat(context)
                            .getFailure()
                            .rootCause()
                            .isInstanceOf(ApplicationException.class)
                            .hasMessageContaining("billLater() of the bean `bills`")
                            .hasMessageContaining(
                                    bills == Bills.class ? "every instance" : "released while its work goes on")
                            .hasMessageContaining("proxyTargetClass = true"));
        }
    }

    @Test
    void whatProxiesThatExtendTheClassShowIsGuarded() {
        jobs(ProxiesThatExtendTheClass.class).withBean(Bills.class).run(context -> {
            leading(context);
            String worker = context.getBean(Billing.class).billLater().get(60, TimeUnit.SECONDS);
            assertThat(worker).startsWith("worker-");
            assertThat(HAPPENED).containsExactly("begin", "bill", "commit");
        });
    }

    @Configuration(proxyBeanMethods = false)
    @EnableTransactionManagement
    static class FrozenAsync extends Beans {
        @Bean
        @Override
        Jobs jobs() {
            ProxyFactory frozen = new ProxyFactory(super.jobs());
            frozen.setProxyTargetClass(true);
            frozen.addAdvisor(new AsyncAnnotationAdvisor());
            frozen.setFrozen(true);
            return (Jobs) frozen.getProxy();
        }
    }

    @Test
    void aFrozenProxyOfAsyncKeepsTheApplicationFromStarting() {
        jobs(FrozenAsync.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ApplicationException.class)
                        .hasMessageContaining("the bean `jobs`")
                        .hasMessageContaining("frozen"));
    }
}
