package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What goes wrong in the native half is thrown in Java. */
class NativeErrorsTest {
    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @Test
    void theNativeHalfThrowsEachKind() {
        for (ErrorKind kind : ErrorKind.values()) {
            String name = kind.name().toLowerCase(Locale.ROOT);
            LeaseholdException thrown = assertThrows(LeaseholdException.class, () -> Native.fail(name, "in vain"));
            assertEquals(kind.exception("").getClass(), thrown.getClass());
            assertEquals("in vain", thrown.getMessage());
        }
    }

    @Test
    void aPanicIsADefectAndNotTheEndOfTheJvm() {
        InternalException defect = assertThrows(InternalException.class, () -> Native.fail("panic", "no such slot"));
        assertEquals("a defect in Leasehold: no such slot", defect.getMessage());
    }
}
