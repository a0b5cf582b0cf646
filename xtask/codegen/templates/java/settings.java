// {{ made }}
package io.leasehold;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * The settings of one election. What is left out comes from the environment ({@code LEASEHOLD_…}, the setting's name in
 * capitals) and else has a default.
 *
 * @param <B> what each setter returns
 */
public abstract sealed class ElectionSettings<B extends ElectionSettings<B>>
        permits LeaderElection.Builder, Locks.Builder {
    private final List<String> settings = new ArrayList<>();

    ElectionSettings() {}

    /**
     * Sets any of these by the name that it has in every language, for configuration files.
     *
     * @param setting its name, such as {@code lease_duration}
     * @param text its value; durations as {@code 1.5s}, {@code 500ms}, {@code 15} (seconds) or {@code PT1.5S}
     * @return this
     */
    @SuppressWarnings("unchecked") // Each of those permitted is the B of its own.
    public B set(String setting, String text) {
        settings.add(Objects.requireNonNull(setting, "setting"));
        settings.add(Objects.requireNonNull(text, () -> setting + " = null: leave it out for its default"));
        return (B) this;
    }

    /** Names and values in turn; the last one wins. */
    final List<String> settings() {
        return settings;
    }
{%- for setting in settings %}

    {{ setting.docs }}
    public B {{ setting.spelled }}({{ setting.type_name }} {{ setting.spelled }}) {
        return set("{{ setting.name }}", {{ setting.as_text }});
    }
{%- endfor %}

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    private static String word(Enum<?> value) {
        return value == null ? null : value.name().toLowerCase(Locale.ROOT);
    }

    /** A map as the core reads it, which refuses one with a null in it. */
    private static String json(Map<String, String> map) {
        if (map == null) {
            return null;
        }
        StringJoiner pairs = new StringJoiner(",", "{", "}");
        map.forEach((key, value) -> pairs.add(json(key) + ":" + json(value)));
        return pairs.toString();
    }

    private static String json(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                quoted.append('\\').append(letter);
            } else if (letter < ' ') {
                quoted.append(String.format("\\u%04x", (int) letter));
            } else {
                quoted.append(letter);
            }
        }
        return quoted.append('"').toString();
    }
}
