package io.leasehold.processes;

import io.leasehold.camel.LeaseholdClusterService;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.main.Main;

/** A route for the leader of one name, and a listener about another. */
final class CamelApplication {
    private CamelApplication() {}

    /** Its name, the ledger, and how the names of its Leases begin. */
    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        Ledger ledger = Ledger.at(arguments[1]);
        String lock = arguments[2];
        Main main = new Main();
        main.bind("leasehold", new LeaseholdClusterService());
        main.configure().addRoutesBuilder(new RouteBuilder() {
            @Override
            public void configure() {
                from("master:" + lock + ":timer:clock?period=50&delay=0")
                        // A route has no token.
                        .process(exchange -> ledger.doOneMore(Work.OF_THE_LEADER, name, () -> 0));
            }
        });
        main.configure().addRoutesBuilder(new RouteBuilder() {
            @Override
            public void configure() throws Exception {
                LeaseholdClusterService service = getContext().hasService(LeaseholdClusterService.class);
                service.getView(lock + "-events").addEventListener((CamelClusterEventListener.Leadership)
                        (view, leader) -> ledger.note(name, leader != null && leader.isLocal()));
            }
        });
        main.run();
    }
}
