// {{ made }}
package io.leasehold.spring;

import io.leasehold.ElectionSettings;
import io.leasehold.Mode;
import io.leasehold.ProofOfDeath;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

{{ docs }}
@ConfigurationProperties(prefix = "leasehold", ignoreUnknownFields = false)
public record LeaseholdProperties(
{%- for setting in settings %}
        {% if setting.is_duration %}@DurationUnit(ChronoUnit.SECONDS) {% endif -%}
        {{ setting.type_name }} {{ setting.spelled }},
{%- endfor %}
        @DurationUnit(ChronoUnit.SECONDS) Duration waitAtStartup,
        @DefaultValue Map<String, LeaseholdProperties> elections) {

    /** Sets what was given, on top of what is set already. The Lease's name is not for all elections. */
    void applyTo(ElectionSettings<?> builder) {
{%- for setting in settings %}
{%- if setting.name != "lease" %}
        {%- if setting.is_map %}
        if ({{ setting.spelled }} != null) {
            builder.{{ setting.spelled }}({{ setting.spelled }});
        }
        {%- else %}
        set(builder, "{{ setting.name }}", {{ setting.spelled }});
        {%- endif %}
{%- endif %}
{%- endfor %}
    }

    private static void set(ElectionSettings<?> builder, String name, Object value) {
        if (value instanceof Enum<?> word) {
            builder.set(name, word.name().toLowerCase(Locale.ROOT));
        } else if (value != null) {
            builder.set(name, value.toString());
        }
    }
}
