package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.spring.ClusterLeaderService;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

@ExtendWith(OutputCaptureExtension.class)
class InvoicesTest {
    @Test
    void aFiringIsSentOnce(CapturedOutput output, @TempDir Path folder) throws Exception {
        try (ConfigurableApplicationContext application = new SpringApplicationBuilder(JobsApplication.class)
                .properties("leasehold.mode=file", "leasehold.directory=" + folder, "spring.main.banner-mode=off")
                // Nothing is lost while a test runs.
                .properties("leasehold.lease-duration=1h", "leasehold.renew-deadline=30m")
                .run()) {
            application.getBean(ClusterLeaderService.class).election().waitForLeadership(Duration.ofSeconds(60));
            Invoices invoices = application.getBean(Invoices.class);
            invoices.send();
            invoices.send();
        }
        assertThat(output.getOut()).containsOnlyOnce("sending invoices");
    }
}
