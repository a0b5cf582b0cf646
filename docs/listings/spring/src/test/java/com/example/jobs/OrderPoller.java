package com.example.jobs;

import org.springframework.integration.annotation.InboundChannelAdapter;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.Role;

/** What the documentation shows of Spring Integration. */
class OrderPoller {
    @Role("default")
    @InboundChannelAdapter(
            channel = "orders",
            autoStartup = "false",
            poller = @Poller(fixedDelay = "1000"))
    String poll() {
        return "an order";
    }
}
