package io.leasehold.candidate;

import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A JVM that shows no sign of life. What there is to hang one has changed with the JDK. */
final class Stall {
    private static final int LAST_JDK_THAT_SUSPENDS_THREADS = 19;
    private static final int FIRST_JDK_WITH_FOREIGN_FUNCTIONS = 22;

    private Stall() {}

    static boolean isPossible() {
        int jdk = Runtime.version().feature();
        return jdk <= LAST_JDK_THAT_SUSPENDS_THREADS || jdk >= FIRST_JDK_WITH_FOREIGN_FUNCTIONS;
    }

    static void last(Duration time) throws Exception {
        if (Runtime.version().feature() <= LAST_JDK_THAT_SUSPENDS_THREADS) {
            suspendPulse(time);
        } else {
            holdUpSafepoint(time);
        }
    }

    /** The thread that gives the sign of life. */
    @SuppressWarnings({"deprecation", "removal"})
    private static void suspendPulse(Duration time) throws InterruptedException {
        List<Thread> pulse = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("leasehold-pulse"))
                .toList();
        pulse.forEach(Thread::suspend);
        Thread.sleep(time.toMillis());
        pulse.forEach(Thread::resume);
    }

    /** All threads: each waits for a safepoint, which a call that counts as Java code does not let begin. */
    private static void holdUpSafepoint(Duration time) throws Exception {
        MethodHandle sleep = criticalUsleep();
        AtomicBoolean over = new AtomicBoolean();
        Thread collections = new Thread(() -> {
            while (!over.get()) {
                System.gc();
            }
        });
        collections.start();
        try {
            sleep.invokeWithArguments((int) (time.toNanos() / 1000));
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        } finally {
            over.set(true);
        }
        collections.join();
    }

    /** By reflection, since this program is compiled for Java 17. */
    private static MethodHandle criticalUsleep() throws ReflectiveOperationException {
        Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
        Class<?> signatureType = Class.forName("java.lang.foreign.FunctionDescriptor");
        Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        Object library = linkerType.getMethod("defaultLookup").invoke(linker);
        Class<?> libraryType = Class.forName("java.lang.foreign.SymbolLookup");
        Optional<?> usleep =
                (Optional<?>) libraryType.getMethod("find", String.class).invoke(library, "usleep");
        Object number = Class.forName("java.lang.foreign.ValueLayout")
                .getField("JAVA_INT")
                .get(null);
        Object signature = signatureType
                .getMethod("of", layoutType, layoutType.arrayType())
                .invoke(null, number, arrayOf(layoutType, number));
        Object critical = optionType.getMethod("critical", boolean.class).invoke(null, false);
        return (MethodHandle) linkerType
                .getMethod(
                        "downcallHandle",
                        Class.forName("java.lang.foreign.MemorySegment"),
                        signatureType,
                        optionType.arrayType())
                .invoke(linker, usleep.orElseThrow(), signature, arrayOf(optionType, critical));
    }

    private static Object arrayOf(Class<?> type, Object element) {
        Object array = Array.newInstance(type, 1);
        Array.set(array, 0, element);
        return array;
    }
}
