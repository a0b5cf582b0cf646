package com.example.monolith;

import io.leasehold.spring.LeaderChangedEvent;
import io.leasehold.spring.LeadershipAcquiredEvent;
import io.leasehold.spring.LeadershipLostEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Says who leads. */
@Component
class LeadershipLog {
    private static final Logger LOGGER = LoggerFactory.getLogger(LeadershipLog.class);

    @EventListener
    void on(LeadershipAcquiredEvent event) {
        LOGGER.info("{}: this instance leads, under token {}", event.election(), event.term().fencingToken());
    }

    @EventListener
    void on(LeadershipLostEvent event) {
        LOGGER.info("{}: this instance no longer leads: {}", event.election(), event.reason());
    }

    @EventListener
    void on(LeaderChangedEvent event) {
        LOGGER.info("{}: the holder is {}", event.election(), event.holder());
    }
}
