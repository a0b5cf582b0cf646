package io.leasehold;

import java.text.MessageFormat;
import java.util.Map;
import java.util.ResourceBundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLoggerFactory;
import org.slf4j.spi.DefaultLoggingEventBuilder;
import org.slf4j.spi.LoggingEventAware;
import org.slf4j.spi.LoggingEventBuilder;

/** A logger of the platform's kind that is one of SLF4J. To be used only where that is on the class path. */
final class Slf4jLogger implements System.Logger {
    private final Logger target;
    private final boolean takesFields;

    Slf4jLogger(String name) {
        target = LoggerFactory.getLogger(name);
        takesFields = takesFields(target);
    }

    /**
     * Whether the logger keeps fields apart from the message, as Logback and Log4j do for logs in JSON. One that does
     * not would write them into the message, where they are already.
     */
    private static boolean takesFields(Logger target) {
        try {
            return target instanceof LoggingEventAware
                    || !(target.makeLoggingEventBuilder(org.slf4j.event.Level.ERROR)
                            instanceof DefaultLoggingEventBuilder);
        } catch (LinkageError ofSlf4j1) {
            return false;
        }
    }

    /** Whether SLF4J logs anywhere. */
    static boolean hasProvider() {
        return !(LoggerFactory.getILoggerFactory() instanceof NOPLoggerFactory);
    }

    @Override
    public String getName() {
        return target.getName();
    }

    @Override
    public boolean isLoggable(Level level) {
        return switch (level) {
            case ALL, TRACE -> target.isTraceEnabled();
            case DEBUG -> target.isDebugEnabled();
            case INFO -> target.isInfoEnabled();
            case WARNING -> target.isWarnEnabled();
            case ERROR -> target.isErrorEnabled();
            case OFF -> false;
        };
    }

    /** The fields are in the message as well, for people. */
    void log(Level level, String message, Map<String, String> fields) {
        if (!takesFields || !isLoggable(level)) {
            log(level, message);
            return;
        }
        LoggingEventBuilder event = target.makeLoggingEventBuilder(
                switch (level) {
                    case ALL, TRACE -> org.slf4j.event.Level.TRACE;
                    case DEBUG -> org.slf4j.event.Level.DEBUG;
                    case INFO -> org.slf4j.event.Level.INFO;
                    case WARNING -> org.slf4j.event.Level.WARN;
                    case ERROR, OFF -> org.slf4j.event.Level.ERROR;
                });
        for (Map.Entry<String, String> field : fields.entrySet()) {
            event = event.addKeyValue(field.getKey(), field.getValue());
        }
        event.log(message);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
        switch (level) {
            case ALL, TRACE -> target.trace(message, thrown);
            case DEBUG -> target.debug(message, thrown);
            case INFO -> target.info(message, thrown);
            case WARNING -> target.warn(message, thrown);
            case ERROR -> target.error(message, thrown);
            case OFF -> {}
        }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {
        boolean isFormat = arguments != null && arguments.length > 0;
        log(level, bundle, isFormat ? MessageFormat.format(format, arguments) : format, (Throwable) null);
    }
}
