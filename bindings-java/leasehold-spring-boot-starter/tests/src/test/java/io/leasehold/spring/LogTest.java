package io.leasehold.spring;

import static io.leasehold.spring.Contexts.LIMIT;
import static io.leasehold.spring.Contexts.instance;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

class LogTest {
    @TempDir
    Path folder;

    private static final class Lines extends AppenderBase<ILoggingEvent> {
        final BlockingQueue<ILoggingEvent> lines = new LinkedBlockingQueue<>();

        @Override
        protected void append(ILoggingEvent line) {
            lines.add(line);
        }

        /** The next that says this, waiting for it. */
        ILoggingEvent next(String message) throws InterruptedException {
            while (true) {
                ILoggingEvent line = lines.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
                assertThat(line).as(message).isNotNull();
                if (line.getFormattedMessage().startsWith(message)) {
                    return line;
                }
            }
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Nothing {}

    @Test
    void whatALineIsAboutIsInItsFieldsForLogsInJson() throws InterruptedException {
        Logger logger = (Logger) LoggerFactory.getLogger("io.leasehold");
        Lines lines = new Lines();
        lines.start();
        logger.addAppender(lines);
        try (ConfigurableApplicationContext application = instance(folder, "web-1", Nothing.class)) {
            ILoggingEvent leading = lines.next("leading ");
            Map<String, Object> fields = leading.getKeyValuePairs().stream()
                    .collect(Collectors.toMap(field -> field.key, field -> field.value));
            assertThat(fields).containsEntry("lease", "monolith").containsEntry("identity", "web-1");
            assertThat(leading.getFormattedMessage()).contains("fencing_token=" + fields.get("fencing_token"));
        } finally {
            logger.detachAppender(lines);
        }
    }
}
