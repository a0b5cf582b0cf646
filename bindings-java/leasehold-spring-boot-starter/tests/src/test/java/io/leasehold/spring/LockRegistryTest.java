package io.leasehold.spring;

import static io.leasehold.spring.Contexts.instance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.Locks;
import io.leasehold.LostReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.integration.util.CheckedRunnable;

/** Spring Integration's locks, in two applications of one folder. */
@SuppressWarnings({"rawtypes", "unchecked"})
class LockRegistryTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    Path folder;

    @Configuration(proxyBeanMethods = false)
    @EnableIntegration
    static class Integration {}

    @Test
    void aLockIsOfOneApplicationAndOneThread() throws Exception {
        try (ConfigurableApplicationContext first = application("first");
                ConfigurableApplicationContext second = application("second")) {
            LeaseLock here = (LeaseLock) first.getBean(LockRegistry.class).obtain("Orders 1");
            LeaseLock there = (LeaseLock) second.getBean(LockRegistry.class).obtain("Orders 1");
            assertThat(here.tryLock()).isTrue();
            assertThat(here.tryLock()).as("reentrant").isTrue();
            assertThat(elsewhere(here::tryLock)).as("another thread").isFalse();
            assertThat(there.tryLock()).isFalse();
            assertThat(there.tryLock(20, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(there.held()).isEmpty();

            long token = here.held().orElseThrow().fencingToken();
            here.unlock();
            assertThat(here.held().orElseThrow().isHeld()).isTrue();
            here.unlock();
            assertThatThrownBy(here::unlock).isInstanceOf(IllegalMonitorStateException.class);
            there.lock();
            assertThat(there.held().orElseThrow().fencingToken()).isGreaterThan(token);
            there.unlock();
        }
    }

    @Test
    void theRegistryRunsWorkUnderALock() throws Throwable {
        try (ConfigurableApplicationContext context = application("first")) {
            LockRegistry registry = context.getBean(LockRegistry.class);
            LeaseLock lock = (LeaseLock) registry.obtain("orders");
            registry.executeLocked("orders", Duration.ofSeconds(LIMIT_SECONDS), (CheckedRunnable<RuntimeException>)
                    () -> assertThat(lock.held()).isPresent());
            assertThat(lock.held()).isEmpty();
        }
    }

    @Test
    void aLostLockIsNotAcquiredAgainBeforeItIsUnlocked() throws Exception {
        try (ConfigurableApplicationContext context = application("first")) {
            LeaseLock lock = (LeaseLock) context.getBean(LockRegistry.class).obtain("orders");
            lock.lock();
            CompletableFuture<LostReason> told = new CompletableFuture<>();
            lock.held().orElseThrow().onLoss(loss -> told.complete(loss.reason()));
            CompletableFuture<Void> closing = CompletableFuture.runAsync(context.getBean(Locks.class)::close);
            assertThat(told.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(LostReason.STOPPED);
            for (ThrowingCallable again : List.<ThrowingCallable>of(
                    lock::tryLock, () -> lock.tryLock(1, TimeUnit.SECONDS), lock::lock, lock::lockInterruptibly)) {
                assertThatThrownBy(again).isInstanceOf(ConcurrentModificationException.class);
            }
            // None of them counts as a hold.
            assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
            assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
            closing.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static boolean elsewhere(BooleanSupplier asked) throws Exception {
        return CompletableFuture.supplyAsync(asked::getAsBoolean).get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private ConfigurableApplicationContext application(String name) {
        return instance(folder, name, Integration.class);
    }
}
