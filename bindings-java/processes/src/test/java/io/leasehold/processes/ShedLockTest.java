package io.leasehold.processes;

/** A job that ShedLock locks. */
class ShedLockTest extends Faults {
    ShedLockTest() {
        super("shedlock", ShedLockApplication.class, Work.UNDER_A_LOCK);
    }
}
