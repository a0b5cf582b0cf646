package io.leasehold.spring;

import io.leasehold.LeadershipLostException;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.support.AopUtils;

/** Runs a {@link LeaderOnly} method where this instance leads. */
final class LeaderOnlyInterceptor implements MethodInterceptor {
    private final LeaderOnlyMethods methods;
    private final Supplier<ClusterLeaderService> service;

    LeaderOnlyInterceptor(LeaderOnlyMethods methods, Supplier<ClusterLeaderService> service) {
        this.methods = methods;
        this.service = service;
    }

    @Override
    public Object invoke(MethodInvocation invocation) throws Throwable {
        LeaderOnlyMethod guarded = methods.get(implementation(invocation));
        Object[] result = {null};
        boolean ran = service.get().runIfLeader(guarded.lock(), term -> result[0] = proceed(invocation));
        if (ran) {
            return result[0];
        }
        if (guarded.onStandby() == OnStandby.THROW) {
            throw new LeadershipLostException(invocation.getMethod().getName() + "() runs on the leader of the lock `"
                    + guarded.lock() + "` only, which this instance is not");
        }
        return guarded.skipped();
    }

    private static Method implementation(MethodInvocation invocation) {
        Object target = invocation.getThis();
        return target == null
                ? invocation.getMethod()
                : AopUtils.getMostSpecificMethod(invocation.getMethod(), AopUtils.getTargetClass(target));
    }

    private static Object proceed(MethodInvocation invocation) throws Exception {
        try {
            return invocation.proceed();
        } catch (Exception | Error failure) {
            throw failure;
        } catch (Throwable neither) {
            throw new UndeclaredThrowableException(neither);
        }
    }
}
