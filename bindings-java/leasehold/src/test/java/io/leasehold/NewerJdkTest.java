package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * As modules, and on a JDK that wants native access to be granted (24 and newer), which a test finds beside its own. The
 * README says how; then there is no warning.
 */
class NewerJdkTest {
    private static final int WANTS_GRANTS = 24;
    private static final String PROGRAM = NativeLibraryTest.Loading.class.getName();
    private static final String CLASSES = ChildJvm.place(LeaderElection.class).toString();
    private static final String TESTS = ChildJvm.place(NewerJdkTest.class).toString();

    private static Path newerJava;

    @TempDir
    Path folder;

    @BeforeAll
    static void find() throws IOException {
        newerJava = beside(Path.of(System.getProperty("java.home"))).orElse(null);
        assumeTrue(newerJava != null, "no newer JDK beside this one");
    }

    private static Optional<Path> beside(Path home) throws IOException {
        if (Runtime.version().feature() >= WANTS_GRANTS) {
            return Optional.of(home.resolve("bin/java"));
        }
        try (Stream<Path> homes = Files.list(home.getParent())) {
            return homes.filter(other -> feature(other) >= WANTS_GRANTS)
                    .map(other -> other.resolve("bin/java"))
                    .filter(Files::isExecutable)
                    .findFirst();
        }
    }

    private static int feature(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("release"))) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION="))
                    .map(line -> Runtime.Version.parse(line.substring(14, line.length() - 1)))
                    .mapToInt(Runtime.Version::feature)
                    .findFirst()
                    .orElse(0);
        } catch (IOException noJdk) {
            return 0;
        }
    }

    private static String output(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(newerJava.toString(), "-Xcheck:jni"));
        command.addAll(Arrays.asList(options));
        try (ChildJvm child = ChildJvm.of(command)) {
            assertEquals(0, child.ends(), child::output);
            return child.output();
        }
    }

    private static void assertSilent(String output) {
        assertTrue(output.endsWith("loaded"), output);
        assertTrue(!output.contains("WARNING: A restricted method"), output);
    }

    @Test
    void aModuleThatIsGrantedNativeAccessLoadsWithoutAWarning() throws Exception {
        assertSilent(output(
                "--enable-native-access=io.leasehold",
                "--module-path",
                CLASSES,
                "--patch-module",
                "io.leasehold=" + TESTS,
                "--module",
                "io.leasehold/" + PROGRAM));
    }

    @Test
    void aClassPathThatIsGrantedNativeAccessLoadsWithoutAWarning() throws Exception {
        assertSilent(output("--enable-native-access=ALL-UNNAMED", "-cp", CLASSES + ":" + TESTS, PROGRAM));
    }

    @Test
    void anExecutableJarGrantsNativeAccessByItsManifest() throws Exception {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, PROGRAM);
        attributes.put(
                Attributes.Name.CLASS_PATH,
                Path.of(CLASSES).toUri() + " " + Path.of(TESTS).toUri());
        attributes.put(new Attributes.Name("Enable-Native-Access"), "ALL-UNNAMED");
        Path jar = folder.resolve("application.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream manifestOnly = new JarOutputStream(file, manifest)) {
            manifestOnly.finish();
        }
        assertSilent(output("-jar", jar.toString()));
    }

    /** Otherwise the tests above would prove nothing. */
    @Test
    void withoutTheGrantTheJvmWarns() throws Exception {
        String output = output("-cp", CLASSES + ":" + TESTS, PROGRAM);
        assertTrue(output.contains("WARNING: A restricted method"), output);
    }
}
