package io.leasehold;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Loads the native half: from an explicit path, else from {@code java.library.path}, else from the jar.
 *
 * <p>A JVM loads one file for one class loader only. So the jar's library is written to a file of a new name, in a folder
 * that only this user may enter, and deleted as soon as it is loaded: what is mapped needs no name.
 */
final class NativeLibrary {
    /** System property: the library's own path. Nothing else is tried then. */
    static final String PATH = "leasehold.native.path";

    /** System property: the folder to extract to, before all others. */
    static final String FOLDER = "leasehold.native.folder";

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
        String path = System.getProperty(PATH);
        boolean done = path != null ? loads(Path.of(path)) : loadsFromLibraryPath() || loadsFromJar();
        if (!done) {
            throw new NativeLibraryException("cannot load Leasehold's native half for " + platform.name() + ":\n  "
                    + String.join("\n  ", attempts));
        }
    }

    private boolean loads(Path library) {
        try {
            System.load(library.toAbsolutePath().toString());
            return true;
        } catch (UnsatisfiedLinkError | SecurityException refused) {
            return failed(library, refused, "check -D" + PATH);
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

    private boolean loadsFromJar() {
        URL resource = NativeLibrary.class.getResource(platform.resource());
        if (resource == null) {
            String fix = "add the jar for this platform, or name a library with -D" + PATH;
            return failed("the jar", "has no " + platform.resource(), fix);
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
        addFolder(folders, System.getProperty(FOLDER));
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
            own = Files.createTempDirectory(folder, "leasehold-", ownerOnly(folder));
            library = own.resolve(own.getFileName() + "-" + platform.file());
            extract(resource, library);
            System.load(library.toString());
            return true;
        } catch (IOException | UnsupportedOperationException unwritable) {
            String fix = "make it writable, or name another folder with -D" + FOLDER;
            return failed(folder, unwritable, fix);
        } catch (UnsatisfiedLinkError | SecurityException refused) {
            String fix = "where it is mounted noexec, name another folder with -D" + FOLDER;
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

    private static FileAttribute<?>[] ownerOnly(Path folder) {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
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
