package com.example.clock;

import io.leasehold.camel.LeaseholdClusterService;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;

class ClockRoutes extends RouteBuilder {
    @Override
    public void configure() throws Exception {
        LeaseholdClusterService clusterService = new LeaseholdClusterService();
        getContext().addService(clusterService);

        // One instance runs it. The Lease `lock1` is not given to another before the route has stopped.
        from("master:lock1:timer:clock").log("tick");

        clusterService.getView("lock2").addEventListener((CamelClusterEventListener.Leadership)
                (view, leader) -> log.info("leading: {}", view.getLocalMember().isLeader()));
    }
}
