package com.example;

import io.leasehold.HeldLock;
import io.leasehold.LockRequest;
import io.leasehold.Locks;
import java.time.Duration;
import java.util.Optional;

final class NightlyReport {
    private final Locks locks;
    int reports;

    NightlyReport(Locks locks) {
        this.locks = locks;
    }

    void run() {
        LockRequest request = LockRequest.of("nightly-report").atLeast(Duration.ofMinutes(1));
        Optional<HeldLock> lock = locks.tryLock(request);
        if (lock.isPresent()) {
            try (HeldLock held = lock.get()) {
                reports++; // under held.fencingToken(), and while held.isHeld()
            }
        }
    }
}
