package io.leasehold;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The kind of machine that this JVM runs on, as far as native libraries differ.
 *
 * @param name such as {@code linux-x86_64-gnu} or {@code linux-aarch64-musl}
 * @param file what a library is called there
 */
record Platform(String name, String file) {
    /** What there is a native half for: the names of folders in the jar, and classifiers of the jars with one. */
    static final List<String> SUPPORTED = List.of(
            "linux-x86_64-gnu",
            "linux-x86_64-musl",
            "linux-aarch64-gnu",
            "linux-aarch64-musl",
            "macos-aarch64",
            "macos-x86_64",
            "windows-x86_64");

    /** What a Linux process has mapped. A system property tells of the C library on no JDK. */
    private static final Path MAPPED = Path.of("/proc/self/maps");

    private static final String NAME = "leasehold_java";

    static Platform current() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"), usesMusl());
    }

    static Platform of(String osName, String osArch, boolean musl) {
        String os = osName.toLowerCase(Locale.ROOT);
        String arch = switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch64";
            default -> osArch.toLowerCase(Locale.ROOT);
        };
        if (os.startsWith("mac")) {
            return new Platform("macos-" + arch, "lib" + NAME + ".dylib");
        }
        if (os.startsWith("windows")) {
            return new Platform("windows-" + arch, NAME + ".dll");
        }
        if (os.startsWith("linux")) {
            return new Platform("linux-" + arch + (musl ? "-musl" : "-gnu"), "lib" + NAME + ".so");
        }
        return new Platform(os.replaceAll("[^a-z0-9]", "") + "-" + arch, "lib" + NAME + ".so");
    }

    boolean isSupported() {
        return SUPPORTED.contains(name);
    }

    /** Where the jar has the library. */
    String resource() {
        return resource(name, file);
    }

    /** The platforms whose libraries the jar has. */
    static List<String> inJar() {
        return SUPPORTED.stream()
                .filter(each -> NativeLibrary.class.getResource(resource(each, fileOf(each))) != null)
                .toList();
    }

    private static String fileOf(String name) {
        String[] parts = name.split("-");
        return of(parts[0], parts[1], false).file();
    }

    private static String resource(String name, String file) {
        return "/io/leasehold/native/" + name + "/" + file;
    }

    private static boolean usesMusl() {
        try {
            return Files.readString(MAPPED, StandardCharsets.ISO_8859_1).contains("/ld-musl-");
        } catch (IOException notLinux) {
            return false;
        }
    }
}
