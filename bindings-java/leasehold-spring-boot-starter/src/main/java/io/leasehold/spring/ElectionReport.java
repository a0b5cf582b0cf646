package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.LeaseholdException;
import io.leasehold.Status;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** How each election stands, for people. */
final class ElectionReport {
    /** How late a renewal may be before the election counts as broken (client-go's health check). */
    private static final Duration TOLERANCE = Duration.ofSeconds(20);

    private final ClusterLeaderService service;

    ElectionReport(ClusterLeaderService service) {
        this.service = service;
    }

    /** What is wrong, by election. A standby is as well as a leader, and so is one that waits for the API server. */
    Map<String, String> faults() {
        Map<String, String> faults = new LinkedHashMap<>();
        for (String name : service.electionNames()) {
            try {
                service.election(name).checkHealth(TOLERANCE);
            } catch (LeaseholdException fault) {
                faults.put(name, fault.getMessage());
            }
        }
        return faults;
    }

    Map<String, Object> byName() {
        Map<String, Object> report = new LinkedHashMap<>();
        for (String name : service.electionNames()) {
            report.put(name, of(service.election(name)));
        }
        return report;
    }

    private static Map<String, Object> of(LeaderElection election) {
        Status status = election.status();
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("lease", status.lease());
        report.put("mode", status.mode());
        report.put("leader", election.isLeader());
        putUnlessNull(report, "identity", status.identity());
        putUnlessNull(report, "holder", status.holder());
        putUnlessNull(report, "fencingToken", status.fencingToken());
        String why = status.whyNotLeading();
        String failing = status.failing() == null ? null : status.failing().getMessage();
        // What fails is reported at length once: there may be a whole Role in it.
        boolean isTheSame = why != null && why.equals(failing);
        putUnlessNull(
                report, "whyNotLeading", isTheSame ? why.lines().findFirst().orElse(why) : why);
        putUnlessNull(report, "failing", failing);
        return report;
    }

    private static void putUnlessNull(Map<String, Object> report, String name, Object value) {
        if (value != null) {
            report.put(name, value);
        }
    }
}
