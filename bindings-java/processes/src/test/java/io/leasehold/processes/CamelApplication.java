package io.leasehold.processes;

import io.leasehold.camel.LeaseholdClusterService;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.cluster.CamelClusterEventListener;
import org.apache.camel.main.Main;

/** A Camel application of which several run: a route for the leader of one name, and a listener about another. */
final class CamelApplication {
    private CamelApplication() {}

    /** Its name, the folder of the ledgers, and the name of its Leases. */
    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        Path folder = Path.of(arguments[1]);
        String lock = arguments[2];
        Ledger work = new Ledger(folder.resolve("work"), name);
        Main main = new Main();
        main.bind("leasehold", new LeaseholdClusterService());
        main.configure().addRoutesBuilder(new RouteBuilder() {
            @Override
            public void configure() {
                from("master:" + lock + ":timer:clock?period=50&delay=0").process(exchange -> work.doOneMore());
            }
        });
        main.configure().addRoutesBuilder(new RouteBuilder() {
            @Override
            public void configure() throws Exception {
                LeaseholdClusterService service = getContext().hasService(LeaseholdClusterService.class);
                Ledger terms = new Ledger(folder.resolve("terms"), name);
                service.getView(lock + "-events").addEventListener((CamelClusterEventListener.Leadership)
                        (view, leader) -> {
                            try {
                                terms.note(leader != null && leader.isLocal() ? "leads" : "does not lead");
                            } catch (IOException failure) {
                                throw new IllegalStateException(failure);
                            }
                        });
            }
        });
        main.run();
    }
}
