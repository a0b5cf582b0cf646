package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

@ExtendWith(OutputCaptureExtension.class)
class HourlyReportTest {
    @Test
    void itReportsWhenThisInstanceBeginsToLeadTheElectionThatItIsGuardedBy(CapturedOutput output) {
        try (ConfigurableApplicationContext application = new SpringApplicationBuilder(JobsApplication.class)
                .properties("leasehold.mode=always", "spring.main.banner-mode=off")
                .run()) {
            await().atMost(Duration.ofSeconds(60)).until(() -> output.getOut().contains("reporting"));
        }
        assertThat(output.getOut()).containsOnlyOnce("reporting");
    }
}
