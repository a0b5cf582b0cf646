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
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
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
                NativeLibrary.load();
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
        assertTrue(failure.startsWith("the native half of Leasehold did not load\n"), failure);
        Platform platform = Platform.current();
        assertTrue(failure.contains("found: " + platform.name() + ", Java "), failure);
        assertTrue(failure.contains("looked for: " + platform.resource() + " of the jar io.leasehold:leasehold:"));
        assertTrue(failure.contains("installed: " + platform.name()), failure);
        assertTrue(failure.contains("tried java.library.path: "), failure);
        assertTrue(failure.contains(NOWHERE + ": "), failure);
        assertTrue(failure.contains("/dev/null: "), failure);
        assertTrue(failure.contains(NOWHERE + "/.cache: "), failure);
        assertTrue(failure.contains("name another folder with -Dleasehold.native.folder"), failure);
        assertTrue(failure.contains("what to do: give it a folder that can be written and executed from"), failure);
        assertTrue(failure.endsWith("mode `never` or `always` needs no native half"), failure);
    }

    @Test
    void onAPlatformThatTheJarDoesNotHaveTheErrorNamesTheArtifactThatDoes() throws Exception {
        String failure = loading("-Dos.name=Linux", "-Dos.arch=" + anotherMachine());
        String name = "linux-" + anotherMachine() + "-gnu";
        assertTrue(failure.contains("found: " + name + ", Java "), failure);
        String artifact = "io.leasehold:leasehold:" + NativeLibrary.jarVersion();
        assertTrue(failure.contains("depend on " + artifact + " without a classifier"), failure);
        assertTrue(failure.contains("or with the classifier " + name + "\n"), failure);
    }

    private static String anotherMachine() {
        return Platform.current().name().contains("aarch64") ? "x86_64" : "aarch64";
    }

    @Test
    void onAPlatformThatNoArtifactIsForTheErrorSaysSo() throws Exception {
        String failure = loading("-Dos.name=FreeBSD", "-Dos.arch=riscv64");
        assertTrue(failure.contains("there is none for this platform, but for linux-x86_64-gnu, "), failure);
        assertFalse(failure.contains("classifier"), failure);
    }

    @Test
    void theEnvironmentNamesALibraryOrAFolderToo() throws Exception {
        String library = extracted().toString();
        assertEquals("loaded", loadingWith("LEASEHOLD_NATIVE_LIBRARY", library));
        String failure = loadingWith("LEASEHOLD_NATIVE_LIBRARY", "/no/such/library.so");
        assertTrue(failure.contains("tried /no/such/library.so: "), failure);
        assertFalse(failure.contains("java.library.path"), failure);
        Path named = folder.resolve("not/yet/there");
        assertEquals("loaded", loadingWith("LEASEHOLD_NATIVE_FOLDER", named.toString(), "-Djava.io.tmpdir=" + NOWHERE));
        assertTrue(Files.isDirectory(named), "it was made");
    }

    private static String loadingWith(String variable, String value, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("env", variable + "=" + value, java()));
        command.addAll(List.of("-Djava.library.path=", "-Duser.home=" + NOWHERE));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), Loading.class.getName()));
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends(), child::output);
            return child.output();
        }
    }

    @Test
    void aLibraryBesideTheJarIsTakenWhereNothingCanBeWritten() throws Exception {
        Path jar = folder.resolve("app/leasehold.jar");
        Files.createDirectories(jar.getParent());
        pack(jar);
        Files.copy(extracted(), jar.resolveSibling(Platform.current().file()));
        String classPath = jar + ":" + ChildJvm.place(Loading.class);
        List<String> command = new ArrayList<>(List.of(java(), "-Djava.library.path=", "-Djava.io.tmpdir=" + NOWHERE));
        command.addAll(List.of("-Duser.home=" + NOWHERE, "-cp", classPath, Loading.class.getName()));
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends(), child::output);
            assertEquals("loaded", child.output());
        }
    }

    /** The classes alone, as somebody who wants a small image has them. */
    private static void pack(Path jar) throws IOException {
        Path classes = ChildJvm.place(LeaderElection.class);
        try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.getFileName().toString().contains("leasehold_java")) {
                    to.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                    Files.copy(file, to);
                }
            }
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String classPath() {
        return ChildJvm.place(LeaderElection.class) + ":" + ChildJvm.place(Loading.class);
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
                java(),
                "-Djava.library.path=",
                "-Dleasehold.native.folder=" + folder,
                "-cp",
                classPath(),
                Loading.class.getName()));
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends());
            assertTrue(child.output().endsWith("loaded"), child::output);
        }
        command.add(command.size() - 3, "-Djava.io.tmpdir=" + NOWHERE);
        command.add(command.size() - 3, "-Duser.home=" + NOWHERE);
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends());
            assertTrue(child.output().contains("if it is mounted noexec"), child::output);
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
