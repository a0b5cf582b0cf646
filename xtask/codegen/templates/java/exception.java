// {{ made }}
package io.leasehold;

{{ word.class_docs }}
public class {{ word.class }}Exception extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public {{ word.class }}Exception(String message) {
        super(ErrorKind.{{ word.name }}, message);
    }
}
