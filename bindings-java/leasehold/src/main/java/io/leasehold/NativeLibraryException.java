package io.leasehold;

/** The native half cannot be loaded: the message lists what was tried, why it failed, and what would help. */
public class NativeLibraryException extends ConfigException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was tried, why it failed, and what would help
     */
    public NativeLibraryException(String message) {
        super(message);
    }
}
