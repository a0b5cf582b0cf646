package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the native half can say, Java has a word for. */
class NamesTest {
    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @Test
    void eachKindOfErrorHasAnExceptionOfItsOwn() throws Exception {
        Set<Class<?>> exceptions = new HashSet<>();
        for (String name : Native.names(0)) {
            ErrorKind kind = ErrorKind.named(name);
            LeaseholdException exception = kind.exception("what to do");
            assertEquals(kind, exception.kind());
            assertEquals("what to do", exception.getMessage());
            String simpleName = name.replace("_", "") + "exception";
            assertEquals(simpleName, exception.getClass().getSimpleName().toLowerCase(Locale.ROOT));
            exceptions.add(exception.getClass());
        }
        assertEquals(ErrorKind.values().length, exceptions.size());
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

    @Test
    void reasonsRolesAndModesAreTheSame() {
        assertSame(Native.names(1), LostReason.values());
        assertSame(Native.names(2), Role.values());
        assertSame(Native.names(3), Mode.values());
    }

    private static void assertSame(String[] names, Enum<?>[] values) {
        List<String> known = Arrays.stream(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
        assertEquals(List.of(names), known);
    }
}
