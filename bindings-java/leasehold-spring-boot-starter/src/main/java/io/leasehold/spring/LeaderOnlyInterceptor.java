package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.LeadershipLostException;
import io.leasehold.Term;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.aop.support.AopUtils;

/** Runs a {@link LeaderOnly} method where this instance leads. */
final class LeaderOnlyInterceptor implements MethodInterceptor {
    private static final Log LOG = LogFactory.getLog(LeaderOnly.class);

    private final LeaderOnlyMethods methods;
    private final Supplier<ClusterLeaderService> service;
    private final Set<String> skippedBefore = ConcurrentHashMap.newKeySet();

    LeaderOnlyInterceptor(LeaderOnlyMethods methods, Supplier<ClusterLeaderService> service) {
        this.methods = methods;
        this.service = service;
    }

    @Override
    public Object invoke(MethodInvocation invocation) throws Throwable {
        Object target = invocation.getThis();
        Class<?> type = target == null ? invocation.getMethod().getDeclaringClass() : AopUtils.getTargetClass(target);
        Method method = AopUtils.getMostSpecificMethod(invocation.getMethod(), type);
        LeaderOnlyMethod guarded = methods.get(type, method);
        Call call = new Call(invocation, guarded, MissedFirings.asksFor(method));
        Object result =
                service.get().callIfLeader(guarded.election(), call::make).orElse(null);
        if (call.made) {
            return result;
        }
        return call.led ? guarded.skipped() : onStandby(guarded);
    }

    private Object onStandby(LeaderOnlyMethod guarded) {
        if (guarded.onStandby() == OnStandby.THROW) {
            throw new LeadershipLostException(guarded.name() + " runs on the leader of the election `"
                    + guarded.election() + "` only, which this instance is not");
        }
        if (skippedBefore.add(guarded.name())) {
            LOG.info("skipped " + guarded.name() + ", as each time that this instance does not lead `"
                    + guarded.election() + "`; said once");
        }
        return guarded.skipped();
    }

    private final class Call {
        private final MethodInvocation invocation;
        private final LeaderOnlyMethod guarded;
        private final boolean asksForMissed;
        private boolean led;
        private boolean made;

        Call(MethodInvocation invocation, LeaderOnlyMethod guarded, boolean asksForMissed) {
            this.invocation = invocation;
            this.guarded = guarded;
            this.asksForMissed = asksForMissed;
        }

        Object make(Term term) throws Exception {
            led = true;
            if (!isToRun()) {
                return null;
            }
            made = true;
            try {
                return invocation.proceed();
            } catch (Exception | Error failure) {
                throw failure;
            } catch (Throwable neither) {
                throw new UndeclaredThrowableException(neither);
            }
        }

        private boolean isToRun() {
            LeaderElection election = service.get().election(guarded.election());
            return guarded.claims() == null || guarded.claims().begin(guarded.name(), election, asksForMissed);
        }
    }
}
