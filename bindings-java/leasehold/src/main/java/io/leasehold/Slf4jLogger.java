package io.leasehold;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLoggerFactory;

/** A logger of the platform's kind that is one of SLF4J. To be used only where that is on the class path. */
final class Slf4jLogger implements System.Logger {
    private final Logger target;

    Slf4jLogger(String name) {
        target = LoggerFactory.getLogger(name);
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
