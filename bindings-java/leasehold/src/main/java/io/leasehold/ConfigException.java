// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** A setting is wrong: the message names the field, its value and the fix. Retrying cannot help. */
public class ConfigException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public ConfigException(String message) {
        super(ErrorKind.CONFIG, message);
    }
}
