package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FieldsTest {
    @Test
    void whatIsSaidIsFoundByItsNameInAnyOrder() {
        for (Fields fields : new Fields[] {
            Fields.of(new String[] {"holder", "me", "remaining", "15"}),
            Fields.of(new String[] {"remaining", "15", "holder", "me"})
        }) {
            assertEquals("me", fields.find("holder"));
            assertEquals(15, fields.number("remaining"));
            assertNull(fields.find("identity"));
            assertNull(fields.error());
        }
    }

    @Test
    void whatMustBeThereAndIsNotIsADefectThatNamesIt() {
        Fields fields = Fields.of(new String[] {"holder", "me"});
        String message = assertThrows(InternalException.class, () -> fields.number("remaining"))
                .getMessage();
        assertTrue(message.contains("did not say `remaining`, only [holder]"), message);
    }

    @Test
    void nothingIsNothing() {
        assertNull(Fields.of(null));
    }
}
