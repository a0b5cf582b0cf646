package io.leasehold.processes;

/** Routes and listeners of Apache Camel. */
class CamelTest extends Faults {
    CamelTest() {
        super("camel", CamelApplication.class, Work.OF_THE_LEADER);
    }
}
