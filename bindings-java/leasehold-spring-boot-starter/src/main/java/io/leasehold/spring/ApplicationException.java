package io.leasehold.spring;

import io.leasehold.ConfigException;

/** What only the application's own code or configuration can put right. */
final class ApplicationException extends ConfigException {
    private static final long serialVersionUID = 1L;

    private final String wrong;
    private final String fix;

    ApplicationException(String wrong, String fix) {
        super(wrong + ": " + fix);
        this.wrong = wrong;
        this.fix = fix;
    }

    String wrong() {
        return wrong;
    }

    String fix() {
        return fix;
    }
}
