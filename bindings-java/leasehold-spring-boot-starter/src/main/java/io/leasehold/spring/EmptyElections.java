package io.leasehold.spring;

import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.convert.converter.Converter;

/**
 * Lets a named election have no settings of its own: {@code billing:} in YAML reaches Spring as an empty text, which no
 * type of settings is otherwise bound to.
 */
final class EmptyElections
        implements ConfigurationPropertiesBindHandlerAdvisor, Converter<String, LeaseholdProperties> {
    private static final ConfigurationPropertyName NAMED = ConfigurationPropertyName.of("leasehold.elections");

    @Override
    public BindHandler apply(BindHandler handler) {
        return new AbstractBindHandler(handler) {
            @Override
            public <T> Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
                Bindable<T> usual = super.onStart(name, target, context);
                return NAMED.isParentOf(name) ? target : usual;
            }
        };
    }

    @Override
    public LeaseholdProperties convert(String text) {
        if (!text.isBlank()) {
            throw new IllegalArgumentException("its settings are properties below this name, not `" + text + "`");
        }
        return new Binder().bindOrCreate("none", Bindable.of(LeaseholdProperties.class));
    }
}
