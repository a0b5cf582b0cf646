package io.leasehold.spring;

import static io.leasehold.spring.Contexts.LIMIT;
import static io.leasehold.spring.Contexts.instance;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
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

    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("io.leasehold");
    private static final Lines LINES = new Lines();

    /** Made after Boot has set up Logback, which takes all appenders away, and before an election starts. */
    @Configuration(proxyBeanMethods = false)
    static class Listening {
        Listening() {
            LINES.start();
            LOGGER.addAppender(LINES);
            LOGGER.setLevel(Level.INFO);
        }
    }

    @Test
    void whatALineIsAboutIsInItsFieldsForLogsInJson() throws InterruptedException {
        try (ConfigurableApplicationContext application = instance(folder, "web-1", Listening.class)) {
            ILoggingEvent leading = LINES.next("leading ");
            Map<String, Object> fields = leading.getKeyValuePairs().stream()
                    .collect(Collectors.toMap(field -> field.key, field -> field.value));
            assertThat(fields).containsEntry("lease", "monolith").containsEntry("identity", "web-1");
            assertThat(leading.getFormattedMessage()).contains("fencing_token=" + fields.get("fencing_token"));
        } finally {
            LOGGER.detachAppender(LINES);
            LOGGER.setLevel(null);
        }
    }
}
