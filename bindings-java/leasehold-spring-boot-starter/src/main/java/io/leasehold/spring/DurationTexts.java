package io.leasehold.spring;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * Reads a duration of ours as the core does if Spring cannot: {@code 0.5} for half a second, or {@code 1m 30s}. The
 * variables of the environment are settings of both.
 */
final class DurationTexts implements ConfigurationPropertiesBindHandlerAdvisor {
    private static final ConfigurationPropertyName OURS = ConfigurationPropertyName.of("leasehold");
    private static final Pattern PART = Pattern.compile("\\s*(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|h)");
    private static final Map<String, ChronoUnit> UNITS =
            Map.of("ms", ChronoUnit.MILLIS, "s", ChronoUnit.SECONDS, "m", ChronoUnit.MINUTES, "h", ChronoUnit.HOURS);
    private static final BigInteger NANOS_PER_SECOND = BigInteger.valueOf(1_000_000_000);

    @Override
    public BindHandler apply(BindHandler handler) {
        return new AbstractBindHandler(handler) {
            @Override
            public Object onFailure(
                    ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error)
                    throws Exception {
                if (OURS.isAncestorOf(name) && target.getType().resolve() == Duration.class) {
                    String text = context.getBinder()
                            .bind(name, Bindable.of(String.class))
                            .orElse("");
                    try {
                        Duration duration = read(text);
                        if (duration != null) {
                            return duration;
                        }
                    } catch (ArithmeticException tooLong) {
                        throw new ApplicationException(
                                name + " = `" + text + "`: longer than any duration", "use a form such as `15s`");
                    }
                }
                return super.onFailure(name, target, context, error);
            }
        };
    }

    /**
     * Null if it is none.
     *
     * @throws ArithmeticException if it is longer than a {@link Duration} may be
     */
    static Duration read(String text) {
        String parts = text.strip().matches("\\d+(\\.\\d+)?") ? text.strip() + "s" : text.strip();
        BigDecimal nanos = BigDecimal.ZERO;
        Matcher part = PART.matcher(parts);
        int end = 0;
        while (end < parts.length()) {
            if (!part.find(end) || part.start() != end) {
                return null;
            }
            BigDecimal unit =
                    BigDecimal.valueOf(UNITS.get(part.group(2)).getDuration().toNanos());
            nanos = nanos.add(new BigDecimal(part.group(1)).multiply(unit));
            end = part.end();
        }
        BigInteger[] seconds = nanos.toBigInteger().divideAndRemainder(NANOS_PER_SECOND);
        return end == 0 ? null : Duration.ofSeconds(seconds[0].longValueExact(), seconds[1].longValueExact());
    }
}
