package com.example.boot;

import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.cluster.CamelClusterService;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

@SpringBootApplication
class ClockApplication {
    @Bean
    RouteBuilder clock(CamelClusterService clusterService) {
        return new RouteBuilder() {
            @Override
            public void configure() throws Exception {
                from("master:lock1:timer:clock").log("tick");
                clusterService.getView("lock2").addEventListener((CamelClusterEventListener.Leadership)
                        (view, leader) ->
                                log.info("leading: {}", view.getLocalMember().isLeader()));
            }
        };
    }
}
