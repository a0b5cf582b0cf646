// {{ made }}
package io.leasehold;

import java.util.Locale;
import java.util.function.Function;

{{ docs }}
public enum ErrorKind {
{%- for word in words %}
    {{ word.docs }}
    {{ word.name }}({{ word.class }}Exception::new)
    {%- if loop.last %};{% else %},{% endif %}
{%- endfor %}

    private final Function<String, LeaseholdException> exception;

    ErrorKind(Function<String, LeaseholdException> exception) {
        this.exception = exception;
    }

    static ErrorKind named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /**
     * An exception of this kind, which is not thrown yet.
     *
     * @param message what was attempted, what happened and what would help
     * @return the exception
     */
    public LeaseholdException exception(String message) {
        return exception.apply(message);
    }
}
