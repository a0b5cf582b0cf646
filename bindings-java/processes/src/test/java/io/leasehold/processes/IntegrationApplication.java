package io.leasehold.processes;

import io.leasehold.HeldLock;
import io.leasehold.spring.ClusterLeaderService;
import io.leasehold.spring.LeaderChangedEvent;
import io.leasehold.spring.LeaseLock;
import io.leasehold.spring.LeaseholdCamelAutoConfiguration;
import io.leasehold.spring.LeaseholdLockRegistry;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.integration.annotation.InboundChannelAdapter;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.Role;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.leader.event.OnGrantedEvent;
import org.springframework.integration.leader.event.OnRevokedEvent;

/** An endpoint that runs on the leader, and one that runs everywhere and takes a lock. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration(exclude = LeaseholdCamelAutoConfiguration.class)
@EnableIntegration
class IntegrationApplication {
    /** Its name, the ledger, and how the names of its Leases begin. */
    public static void main(String[] arguments) {
        new SpringApplicationBuilder(IntegrationApplication.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "application.instance=" + arguments[0],
                        "application.ledger=" + arguments[1],
                        "leasehold.lease=" + arguments[2],
                        // Both endpoints wait, and nothing else is to wait for them.
                        "spring.task.scheduling.pool.size=4")
                .run();
    }

    @Bean(destroyMethod = "close")
    Ledger ledger(@Value("${application.ledger}") String url) throws SQLException {
        return Ledger.at(url);
    }

    @Bean
    Endpoints endpoints(
            Ledger ledger,
            ClusterLeaderService leader,
            LeaseholdLockRegistry locks,
            @Value("${application.instance}") String name,
            @Value("${leasehold.lease}") String lease) {
        return new Endpoints(ledger, leader, locks.obtain(lease + "-lock"), name);
    }

    static class Endpoints {
        private final Ledger ledger;
        private final ClusterLeaderService leader;
        private final LeaseLock lock;
        private final String name;

        Endpoints(Ledger ledger, ClusterLeaderService leader, LeaseLock lock, String name) {
            this.ledger = ledger;
            this.leader = leader;
            this.lock = lock;
            this.name = name;
        }

        /** A poll that is under way when the role is revoked is not waited for; guarded work is. */
        @Role("default")
        @InboundChannelAdapter(channel = "nullChannel", autoStartup = "false", poller = @Poller(fixedDelay = "20"))
        boolean lead() throws Exception {
            return leader.runIfLeader(term -> ledger.doOneMore(Work.OF_THE_LEADER, name, () -> {
                term.check();
                return term.fencingToken();
            }));
        }

        @InboundChannelAdapter(channel = "nullChannel", poller = @Poller(fixedDelay = "20"))
        boolean takeTheLock() throws Exception {
            if (!lock.tryLock(1, TimeUnit.SECONDS)) {
                return false;
            }
            try {
                HeldLock held = lock.held().orElseThrow();
                for (int times = 0; times < 5; times++) {
                    ledger.doOneMore(Work.UNDER_A_LOCK, name, () -> {
                        held.term().check();
                        return held.fencingToken();
                    });
                }
                return true;
            } finally {
                lock.unlock();
            }
        }

        @EventListener
        void granted(OnGrantedEvent event) {
            ledger.note(name, true);
        }

        @EventListener
        void revoked(OnRevokedEvent event) {
            ledger.note(name, false);
        }

        /** So a standby is known to be there. */
        @EventListener
        void changed(LeaderChangedEvent event) {
            if (!leader.isThisInstanceLeader()) {
                ledger.note(name, false);
            }
        }
    }
}
