package com.example.jobs;

import io.leasehold.Locks;
import io.leasehold.shedlock.JobLock;
import io.leasehold.shedlock.LeaseholdLockProvider;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.spring.annotation.EnableSchedulerLock;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Scheduled;

@Configuration(proxyBeanMethods = false)
@EnableSchedulerLock(defaultLockAtMostFor = "2h")
class InvoiceMails {
    @Bean
    static LockProvider lockProvider(Locks locks) {
        locks.observe("invoice-mails");
        return new LeaseholdLockProvider(locks);
    }

    @Scheduled(cron = "0 0 6 * * *")
    @SchedulerLock(name = "invoice-mails", lockAtLeastFor = "1m")
    public void send() {
        long token = JobLock.current().orElseThrow().fencingToken();
        System.out.println("sending under token " + token);
        JobLock.check(); // throws once the lock is lost
    }
}
