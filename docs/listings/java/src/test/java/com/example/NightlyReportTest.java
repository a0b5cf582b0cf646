package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.leasehold.Locks;
import io.leasehold.Mode;
import org.junit.jupiter.api.Test;

class NightlyReportTest {
    @Test
    void itIsMadeOnceInAMinute() {
        try (Locks locks =
                Locks.builder().mode(Mode.ALWAYS).observe("nightly-report").build()) {
            NightlyReport report = new NightlyReport(locks);
            report.run();
            report.run();
            assertEquals(1, report.reports);
        }
    }
}
