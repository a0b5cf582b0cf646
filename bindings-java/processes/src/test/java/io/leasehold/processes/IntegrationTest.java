package io.leasehold.processes;

/** An endpoint in a role of Spring Integration, and work under its locks. */
class IntegrationTest extends Faults {
    IntegrationTest() {
        super("integration", IntegrationApplication.class, Work.OF_THE_LEADER, Work.UNDER_A_LOCK);
    }
}
