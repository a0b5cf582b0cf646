package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

@ExtendWith(OutputCaptureExtension.class)
class InvoiceMailsTest {
    @Test
    void theyAreSentOnceInAMinute(CapturedOutput output) {
        try (ConfigurableApplicationContext application = new SpringApplicationBuilder(JobsApplication.class)
                .properties("leasehold.mode=always", "spring.main.banner-mode=off")
                .run()) {
            InvoiceMails mails = application.getBean(InvoiceMails.class);
            mails.send();
            mails.send();
        }
        assertThat(output.getOut()).containsOnlyOnce("sending under token");
    }
}
