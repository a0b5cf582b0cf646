package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, false, linux-x86_64-gnu, libleasehold_java.so",
        "Linux, aarch64, false, linux-aarch64-gnu, libleasehold_java.so",
        "Linux, amd64, true, linux-x86_64-musl, libleasehold_java.so",
        "Mac OS X, aarch64, false, macos-aarch64, libleasehold_java.dylib",
        "Mac OS X, x86_64, false, macos-x86_64, libleasehold_java.dylib",
        "Windows 11, amd64, false, windows-x86_64, leasehold_java.dll",
        "FreeBSD, riscv64, false, freebsd-riscv64, libleasehold_java.so",
    })
    void eachPlatformHasItsName(String os, String arch, boolean musl, String name, String file) {
        assertEquals(new Platform(name, file), Platform.of(os, arch, musl));
    }

    @Test
    void theJarHasTheLibraryOfThisOne() {
        assertNotNull(NativeLibrary.class.getResource(Platform.current().resource()));
    }
}
