// {{ made }}
package io.leasehold;

import java.util.Locale;

{{ docs }}
public enum {{ name }} {
{%- for word in words %}
    {{ word.docs }}
    {{ word.name }}
    {%- if loop.last %};{% else %},{% endif %}
{%- endfor %}

    static {{ name }} named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
