package io.leasehold.camel;

import io.leasehold.Loss;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.StatefulService;

/** The routes {@code from("master:NAMESPACE:…")}. */
record MasterRoutes(CamelContext context, String namespace) {
    /**
     * Waits until the routes neither begin nor go on with an exchange. camel-master lets go of its view before it stops its
     * consumer, and Camel stops consumers before the exchanges that they began have ended.
     */
    void awaitEnd(Loss loss) {
        while (isAtWork() && !loss.timeLeft().isZero()) {
            if (!Pause.passes()) {
                return;
            }
        }
    }

    private boolean isAtWork() {
        return context.getRoutes().stream().filter(this::isOurs).anyMatch(this::isAtWork);
    }

    private boolean isOurs(Route route) {
        String uri = route.getEndpoint().getEndpointUri();
        // Routes may be written in both ways, which mean the same.
        return uri.startsWith("master:" + namespace + ":") || uri.startsWith("master://" + namespace + ":");
    }

    private boolean isAtWork(Route route) {
        return route.getConsumer() instanceof StatefulService consumer && consumer.isStopping()
                || context.getInflightRepository().size(route.getRouteId()) > 0;
    }
}
