package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

/** Application servers and developer tools load a library many times in one JVM. */
class ClassLoaderTest {
    /** Runs in a class loader of its own. */
    public static final class Application implements Runnable {
        private LeaderElection election;

        @Override
        public void run() {
            if (election == null) {
                election = LeaderElection.builder("jobs").mode(Mode.ALWAYS).start();
                election.addListener(new LeadershipListener() {});
                try {
                    election.waitForLeadership(Elections.LIMIT);
                } catch (InterruptedException impatient) {
                    throw new IllegalStateException(impatient);
                }
            } else {
                election.close();
            }
        }
    }

    @Test
    void twoClassLoadersHaveALibraryEach() throws Exception {
        Runnable first = application();
        Runnable second = application();
        first.run();
        second.run();
        first.run();
        second.run();
    }

    @Test
    void aClassLoaderIsCollectedOnceItsElectionsAreClosedAndAnotherLoadsAnew() throws Exception {
        for (int round = 0; round < 3; round++) {
            WeakReference<ClassLoader> loader = loadRunAndClose();
            Elections.eventually("it is collected", () -> {
                System.gc();
                return loader.get() == null;
            });
        }
    }

    private static WeakReference<ClassLoader> loadRunAndClose() throws Exception {
        Runnable application = application();
        application.run();
        application.run();
        return new WeakReference<>(application.getClass().getClassLoader());
    }

    private static Runnable application() throws Exception {
        URL[] places = {
            ChildJvm.place(LeaderElection.class).toUri().toURL(),
            ChildJvm.place(Application.class).toUri().toURL(),
        };
        ClassLoader loader = new URLClassLoader(places, ClassLoader.getPlatformClassLoader());
        Object application = loader.loadClass(Application.class.getName())
                .getDeclaredConstructor()
                .newInstance();
        assertEquals(loader, application.getClass().getClassLoader());
        return (Runnable) application;
    }
}
