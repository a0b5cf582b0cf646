package com.example.jobs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@SpringBootTest(properties = "leasehold.mode=always")
@ExtendWith(OutputCaptureExtension.class)
class NightlyJobsTest {
    @Autowired
    private NightlyJobs jobs;

    @Test
    void theLeaderCleansUpAndBills(CapturedOutput output) {
        jobs.cleanUp();
        assertTrue(output.getOut().contains("cleaning up"));
        jobs.bill();
        assertTrue(output.getOut().contains("billing"));
    }
}
