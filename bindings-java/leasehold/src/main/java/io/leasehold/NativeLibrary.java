package io.leasehold;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.CodeSource;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Loads the native half: from an explicit path, else from {@code java.library.path}, else from beside the jar, else from
 * the jar.
 *
 * <p>A JVM loads one file for one class loader only. So the jar's library is written to a file of a new name, in a folder
 * that only this user may enter, and deleted as soon as it is loaded: what is mapped needs no name. Windows deletes no file
 * that is mapped; there it is deleted when the next JVM finds it.
 */
final class NativeLibrary {
    /** System property: the library's own path. Nothing else is tried then. */
    static final String PATH = "leasehold.native.path";

    /** The same in the environment, where the property is not set. */
    static final String PATH_VARIABLE = "LEASEHOLD_NATIVE_LIBRARY";

    /** System property: the folder to extract to, before all others. */
    static final String FOLDER = "leasehold.native.folder";

    /** The same in the environment, where the property is not set. */
    static final String FOLDER_VARIABLE = "LEASEHOLD_NATIVE_FOLDER";

    /** What the folders are called into which libraries are extracted. */
    private static final String PREFIX = "leasehold-native-";

    private static final String NAME = "leasehold_java";

    private static boolean loaded;

    private final Platform platform = Platform.current();
    private final List<String> attempts = new ArrayList<>();

    private NativeLibrary() {}

    /**
     * Loads the native half unless that is done.
     *
     * @throws NativeLibraryException lists every attempt
     */
    static synchronized void load() {
        if (!loaded) {
            new NativeLibrary().loadSomehow();
            checkVersion(version(), jarVersion());
            Native.register();
            Native.openLog();
            loaded = true;
        }
    }

    /** A library that was found somewhere may be an older jar's. It cannot be unloaded, so nothing else is tried. */
    static void checkVersion(String ofLibrary, String ofJar) {
        if (!ofLibrary.equals(ofJar)) {
            throw new NativeLibraryException(
                    "the native half that was found is of version " + ofLibrary + ", this jar of " + ofJar
                            + ": remove it from java.library.path, or name the right one with -D" + PATH);
        }
    }

    private static String version() {
        try {
            return Native.version();
        } catch (UnsatisfiedLinkError tooOldToSay) {
            return "unknown";
        }
    }

    static String jarVersion() {
        try (InputStream version = NativeLibrary.class.getResourceAsStream("version.txt")) {
            return new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException damaged) {
            throw new NativeLibraryException("the jar is damaged: " + damaged.getMessage());
        }
    }

    private void loadSomehow() {
        String path = setting(PATH, PATH_VARIABLE);
        boolean done = path != null
                ? loads(Path.of(path), "check -D" + PATH + " or " + PATH_VARIABLE)
                : loadsFromLibraryPath() || loadsFromBesideJar() || loadsFromJar();
        if (!done) {
            throw new NativeLibraryException(explanation());
        }
    }

    /** The same words in every language. */
    private String explanation() {
        List<String> lines = new ArrayList<>();
        lines.add("the native half of Leasehold did not load");
        lines.add("found: " + platform.name() + ", Java " + System.getProperty("java.version") + " of "
                + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
        lines.add("looked for: " + platform.resource() + " of the jar io.leasehold:leasehold:" + jarVersion());
        List<String> inJar = Platform.inJar();
        lines.add("installed: " + (inJar.isEmpty() ? "no native half" : String.join(", ", inJar)));
        attempts.forEach(attempt -> lines.add("tried " + attempt));
        lines.add("what to do: " + advice(inJar));
        lines.add("without it: mode `never` or `always` needs no native half");
        return String.join("\n  ", lines);
    }

    private String advice(List<String> inJar) {
        if (setting(PATH, PATH_VARIABLE) != null) {
            return "name the library of this platform in -D" + PATH + " or " + PATH_VARIABLE + ", or none";
        }
        if (!platform.isSupported()) {
            return "there is none for this platform, but for " + String.join(", ", Platform.SUPPORTED)
                    + ": build one, and name it with -D" + PATH;
        }
        if (inJar.contains(platform.name())) {
            return "give it a folder that can be written and executed from: -D" + FOLDER + " or " + FOLDER_VARIABLE
                    + "; or put " + platform.file() + " beside the jar";
        }
        return "depend on io.leasehold:leasehold:" + jarVersion() + " without a classifier, which has all platforms,"
                + " or with the classifier " + platform.name();
    }

    private static String setting(String property, String variable) {
        String value = System.getProperty(property, System.getenv(variable));
        return value == null || value.isBlank() ? null : value;
    }

    private boolean loads(Path library, String fix) {
        try {
            System.load(library.toAbsolutePath().toString());
            return true;
        } catch (UnsatisfiedLinkError | SecurityException refused) {
            return failed(library, refused, fix);
        }
    }

    private boolean loadsFromLibraryPath() {
        try {
            System.loadLibrary(NAME);
            return true;
        } catch (UnsatisfiedLinkError | SecurityException refused) {
            return failed("java.library.path", refused, "put " + platform.file() + " there, or use the jar's");
        }
    }

    /** In an image whose files cannot be written, somebody has put it there. */
    private boolean loadsFromBesideJar() {
        Path program = program().toAbsolutePath();
        Path library = program.resolveSibling(platform.file());
        return Files.isRegularFile(program)
                && Files.isRegularFile(library)
                && loads(library, "remove it, or use the one of this platform");
    }

    /** This jar, or the one that has it inside; if there is none, the executable that a native image was made of. */
    private static Path program() {
        try {
            CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
            // A class loader may say nothing of where it has its classes from.
            URL jar = source != null ? source.getLocation() : null;
            if (jar == null) {
                return Path.of(ProcessHandle.current().info().command().orElse(""));
            }
            // What `java -jar` has started is its class path.
            boolean isFile = jar.getProtocol().equals("file");
            return isFile ? Path.of(jar.toURI()) : Path.of(System.getProperty("java.class.path"));
        } catch (URISyntaxException | IllegalArgumentException notAPath) {
            return Path.of("");
        }
    }

    private boolean loadsFromJar() {
        URL resource = NativeLibrary.class.getResource(platform.resource());
        if (resource == null) {
            return failed("the jar", "has no " + platform.resource(), "see below");
        }
        for (Path folder : folders()) {
            if (loadsExtracted(resource, folder)) {
                return true;
            }
        }
        return false;
    }

    /** Each is tried where the one before is read-only, full, or mounted noexec. */
    private static Set<Path> folders() {
        Set<Path> folders = new LinkedHashSet<>();
        addFolder(folders, setting(FOLDER, FOLDER_VARIABLE));
        addFolder(folders, System.getProperty("java.io.tmpdir"));
        String cache = System.getenv("XDG_CACHE_HOME");
        addFolder(folders, cache != null ? cache : System.getProperty("user.home") + "/.cache");
        return folders;
    }

    private static void addFolder(Set<Path> folders, String folder) {
        if (folder != null && !folder.isBlank()) {
            folders.add(Path.of(folder).toAbsolutePath());
        }
    }

    private boolean loadsExtracted(URL resource, Path folder) {
        Path own = null;
        Path library = null;
        try {
            Files.createDirectories(folder);
            deleteLeftovers(folder);
            own = Files.createTempDirectory(folder, PREFIX, ownerOnly(folder));
            library = own.resolve(own.getFileName() + "-" + platform.file());
            extract(resource, library);
            System.load(library.toString());
            return true;
        } catch (IOException | UnsupportedOperationException unwritable) {
            String fix = "make it writable, or name another folder with -D" + FOLDER;
            return failed(folder, unwritable, fix);
        } catch (UnsatisfiedLinkError | SecurityException refused) {
            String fix = "if it is mounted noexec, name another folder with -D" + FOLDER;
            return failed(folder, refused, fix);
        } finally {
            delete(library);
            delete(own);
        }
    }

    /** Writes the library, and fails unless what is there then is what the jar has. */
    private static void extract(URL resource, Path library) throws IOException {
        MessageDigest inJar = sha256();
        try (InputStream from = new DigestInputStream(resource.openStream(), inJar)) {
            Files.copy(from, library);
        }
        MessageDigest written = sha256();
        try (InputStream from = new DigestInputStream(Files.newInputStream(library), written)) {
            from.transferTo(OutputStream.nullOutputStream());
        }
        if (!MessageDigest.isEqual(inJar.digest(), written.digest())) {
            throw new IOException("what was written is not what the jar has");
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("each JDK has SHA-256", impossible);
        }
    }

    private static boolean isPosix(Path folder) {
        return folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static FileAttribute<?>[] ownerOnly(Path folder) {
        return isPosix(folder)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    /** What earlier JVMs of this user could not delete while it was mapped, and nobody has mapped any more. */
    private static void deleteLeftovers(Path folder) {
        if (!isPosix(folder)) {
            try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, PREFIX + "*")) {
                for (Path leftover : leftovers) {
                    if (isRecent(leftover)) {
                        continue;
                    }
                    try (DirectoryStream<Path> libraries = Files.newDirectoryStream(leftover)) {
                        libraries.forEach(NativeLibrary::delete);
                    }
                    delete(leftover);
                }
            } catch (IOException | DirectoryIteratorException unreadable) {
                // They stay.
            }
        }
    }

    /** So that another JVM may not have loaded it yet. */
    private static boolean isRecent(Path leftover) throws IOException {
        Instant since = Instant.now().minus(Duration.ofHours(1));
        return Files.getLastModifiedTime(leftover).toInstant().isAfter(since);
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException stillThere) {
            // Nobody but this user can read it, and the next start does not mind it.
        }
    }

    private boolean failed(Object where, Object why, String fix) {
        String reason = why instanceof Throwable thrown ? String.valueOf(thrown.getMessage()) : why.toString();
        attempts.add(where + ": " + reason + " (" + fix + ")");
        return false;
    }
}
