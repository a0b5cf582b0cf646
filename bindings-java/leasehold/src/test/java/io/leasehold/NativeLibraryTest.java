package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
    private static final String NOWHERE = "/proc/no-such-folder";

    @TempDir
    Path folder;

    /** Loads the library, says so, or prints the error. */
    static final class Loading {
        private Loading() {}

        public static void main(String[] arguments) {
            try {
                LeaderElection.builder("jobs").mode(Mode.ALWAYS).start().close();
                System.out.println("loaded");
            } catch (NativeLibraryException failure) {
                System.out.println(failure.getMessage());
            }
        }
    }

    private static String loading(String... options) throws Exception {
        try (ChildJvm child = ChildJvm.running(List.of(options), Loading.class)) {
            assertEquals(0, child.ends(), child::output);
            return child.output();
        }
    }

    @Test
    void theJarsLibraryIsLoadedAndLeavesNoFileBehind() throws Exception {
        assertTrue(loading("-Djava.io.tmpdir=" + folder).endsWith("loaded"));
        assertEquals(List.of(), leftIn(folder));
    }

    @Test
    void aFolderThatIsNamedComesBeforeTheOthers() throws Exception {
        Path named = folder.resolve("not/yet/there");
        assertTrue(loading("-Dleasehold.native.folder=" + named, "-Djava.io.tmpdir=" + NOWHERE)
                .endsWith("loaded"));
        assertTrue(Files.isDirectory(named), "it was made");
        assertEquals(List.of(), leftIn(named));
    }

    @Test
    void theUsersCacheIsTheLastResort() throws Exception {
        String options = "-Duser.home=" + folder;
        assertTrue(loading(options, "-Djava.io.tmpdir=" + NOWHERE).endsWith("loaded"));
    }

    @Test
    void aLibraryThatIsNamedIsTheOnlyOneTried() throws Exception {
        Path library = extracted();
        assertTrue(loading("-Dleasehold.native.path=" + library).endsWith("loaded"));
        String failure = loading("-Dleasehold.native.path=/no/such/library.so");
        assertTrue(failure.contains("/no/such/library.so: "), failure);
        assertTrue(failure.contains("check -Dleasehold.native.path"), failure);
        assertFalse(failure.contains("java.library.path"), failure);
    }

    @Test
    void aLibraryOnTheLibraryPathIsTaken() throws Exception {
        Path library = extracted();
        assertTrue(loading(
                        "-Djava.library.path=" + library.getParent(),
                        "-Djava.io.tmpdir=" + NOWHERE,
                        "-Duser.home=" + NOWHERE)
                .endsWith("loaded"));
    }

    @Test
    void whereNothingWorksEveryAttemptIsListedWithItsFix() throws Exception {
        String failure = loading(
                "-Dleasehold.native.folder=" + NOWHERE,
                "-Djava.io.tmpdir=/dev/null",
                "-Duser.home=" + NOWHERE,
                "-Djava.library.path=" + folder);
        assertTrue(failure.contains("cannot load Leasehold's native half for linux-"), failure);
        assertTrue(failure.contains("java.library.path: "), failure);
        assertTrue(failure.contains(NOWHERE + ": "), failure);
        assertTrue(failure.contains("/dev/null: "), failure);
        assertTrue(failure.contains(NOWHERE + "/.cache: "), failure);
        assertTrue(failure.contains("name another folder with -Dleasehold.native.folder"), failure);
    }

    @Test
    void jarAndLibraryAreOfOneVersion() {
        NativeLibrary.load();
        assertEquals(Native.version(), NativeLibrary.jarVersion());
    }

    @Test
    void aLibraryOfAnotherVersionIsRefused() {
        String message = assertThrows(NativeLibraryException.class, () -> NativeLibrary.checkVersion("0.0.9", "0.1.0"))
                .getMessage();
        assertTrue(message.contains("is of version 0.0.9, this jar of 0.1.0"), message);
    }

    @Test
    void aFolderMountedNoexecIsPassedOver() throws Exception {
        String mount = "mount -t tmpfs -o noexec tmpfs \"$0\" && exec \"$@\"";
        List<String> isolated = List.of("unshare", "--mount", "sh", "-c", mount, folder.toString());
        assumeTrue(runs(isolated, "true"), "needs the right to mount");
        List<String> command = new ArrayList<>(isolated);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.library.path=",
                "-Dleasehold.native.folder=" + folder,
                "-cp",
                ChildJvm.place(LeaderElection.class) + ":" + ChildJvm.place(Loading.class),
                Loading.class.getName()));
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends());
            assertTrue(child.output().endsWith("loaded"), child::output);
        }
        command.add(command.size() - 3, "-Djava.io.tmpdir=" + NOWHERE);
        command.add(command.size() - 3, "-Duser.home=" + NOWHERE);
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends());
            assertTrue(child.output().contains("where it is mounted noexec"), child::output);
        }
    }

    private static boolean runs(List<String> prefix, String program) throws Exception {
        List<String> command = new ArrayList<>(prefix);
        command.add(program);
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException noSuchProgram) {
            return false;
        }
    }

    private Path extracted() throws IOException {
        Platform platform = Platform.current();
        Path library = folder.resolve("library").resolve(platform.file());
        Files.createDirectories(library.getParent());
        try (InputStream from = NativeLibrary.class.getResourceAsStream(platform.resource())) {
            Files.copy(from, library);
        }
        return library;
    }

    private static List<Path> leftIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("leasehold"))
                    .toList();
        }
    }
}
