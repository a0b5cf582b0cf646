//! What must be true of a library or a program that is published.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::inspection::{self, Inspection};
use super::toolchain::{GLIBC, MACOS};
use super::{LIBRARIES, PROGRAM};
use crate::platform::{Platform, System};

/// In bytes: each library goes into every image of its users. Locks and work that runs once have brought
/// Node's for x86-64 Linux to 5.03 MB; what grows beyond this has to be made smaller first.
const LARGEST_LIBRARY: u64 = 5_200_000;

/// What loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Artifact {
    Java,
    Node,
    Python,
    /// The system itself.
    Program,
}

/// Checks what has been built for `platform`.
pub(super) fn check_all(platform: &Platform) -> Result<()> {
    let libraries = LIBRARIES.map(|(_, library, artifact)| (platform.library(library), artifact));
    for (file, artifact) in libraries {
        check(platform, artifact, &platform.staged().join(file))?;
    }
    if platform.has_programs() {
        let (_, [program, _]) = PROGRAM;
        let file = platform.staged().join(platform.program(program));
        check(platform, Artifact::Program, &file)?;
    }
    Ok(())
}

/// Fails with everything that is wrong.
fn check(platform: &Platform, artifact: Artifact, file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("no {}", file.display()))?;
    let found = inspection::inspect(&bytes).with_context(|| file.display().to_string())?;
    let mut complaints = complaints(platform, artifact, &found)?;
    if artifact != Artifact::Program && bytes.len() as u64 > LARGEST_LIBRARY {
        complaints.push(format!(
            "{} bytes, which is more than {LARGEST_LIBRARY}",
            bytes.len()
        ));
    }
    if !complaints.is_empty() {
        bail!("{}:\n  {}", file.display(), complaints.join("\n  "));
    }
    Ok(())
}

fn complaints(platform: &Platform, artifact: Artifact, found: &Inspection) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let mut hold = |is_so: bool, otherwise: String| {
        if !is_so {
            complaints.push(otherwise);
        }
    };
    hold(
        found.system == platform.system && platform.rust_target.starts_with(found.machine),
        format!("it is for {:?} on {}", found.system, found.machine),
    );
    for library in &found.needed {
        hold(
            may_need(platform, artifact, library),
            format!("it needs {library}"),
        );
    }
    // Elsewhere zig does not heed the list of what is exported that rustc gives the linker. That is no harm
    // there: a name is looked up in the library that it was linked with.
    if platform.system == System::Linux {
        for symbol in &found.exported {
            hold(may_export(artifact, symbol), format!("it exports {symbol}"));
        }
    }
    hold(
        must_export(artifact)
            .iter()
            .all(|symbol| found.exported.iter().any(|it| it == symbol)),
        format!("it does not export {}", must_export(artifact).join(", ")),
    );
    // musl has no versions, so that the symbols of its C library look like those of the host.
    if platform.name.ends_with("-gnu") {
        for symbol in &found.expected_of_host {
            hold(
                may_expect(artifact, symbol),
                format!("nobody brings {symbol}"),
            );
        }
    }
    let (glibc, macos) = (inspection::parse(GLIBC)?, inspection::parse(MACOS)?);
    hold(
        found.glibc <= Some(glibc),
        format!("it needs glibc {:?}, and may need {GLIBC}", found.glibc),
    );
    if platform.system == System::MacOs {
        hold(
            found.macos == Some(macos),
            format!("it is for macOS {:?}, not {MACOS}", found.macos),
        );
        // macOS on Apple's own processors runs nothing else. Ad hoc will do.
        hold(
            found.is_signed || found.machine != "aarch64",
            "it is not signed".to_owned(),
        );
    }
    if platform.system == System::Linux {
        hold(
            found.loader.is_none(),
            format!("it is loaded by {:?}", found.loader),
        );
    }
    Ok(complaints)
}

/// What each system of that kind has.
fn may_need(platform: &Platform, artifact: Artifact, library: &str) -> bool {
    match platform.system {
        System::Linux if artifact == Artifact::Program => false,
        System::Linux if platform.name.ends_with("-musl") => library == "libc.so",
        System::Linux => [
            "ld-linux-aarch64.so.1",
            "ld-linux-x86-64.so.2",
            "libc.so.6",
            "libdl.so.2",
            "libm.so.6",
            "libpthread.so.0",
        ]
        .contains(&library),
        System::MacOs => {
            library.starts_with("/System/Library/Frameworks/")
                || [
                    "/usr/lib/libSystem.B.dylib",
                    "/usr/lib/libcharset.1.dylib",
                    "/usr/lib/libiconv.2.dylib",
                ]
                .contains(&library)
        }
        System::Windows => {
            library.starts_with("api-ms-win-")
                || (artifact == Artifact::Python && library == "python3.dll")
                || [
                    "advapi32.dll",
                    "bcrypt.dll",
                    "bcryptprimitives.dll",
                    "crypt32.dll",
                    "kernel32.dll",
                    "ntdll.dll",
                    "ole32.dll",
                    "oleaut32.dll",
                    "secur32.dll",
                    "ucrtbase.dll",
                    "userenv.dll",
                    "ws2_32.dll",
                ]
                .contains(&library)
        }
    }
}

fn may_export(artifact: Artifact, symbol: &str) -> bool {
    match artifact {
        Artifact::Java => symbol.starts_with("Java_io_leasehold_"),
        Artifact::Node | Artifact::Python => must_export(artifact).contains(&symbol),
        Artifact::Program => false,
    }
}

fn must_export(artifact: Artifact) -> &'static [&'static str] {
    match artifact {
        Artifact::Java => &["Java_io_leasehold_Native_register__"],
        Artifact::Node => &["napi_register_module_v1"],
        Artifact::Python => &["PyInit__leasehold"],
        Artifact::Program => &[],
    }
}

/// Of the program that loads it.
fn may_expect(artifact: Artifact, symbol: &str) -> bool {
    match artifact {
        Artifact::Node => symbol.starts_with("napi_"),
        Artifact::Python => symbol.starts_with("Py") || symbol.starts_with("_Py"),
        Artifact::Java | Artifact::Program => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_it_should_be() -> Inspection {
        Inspection {
            system: System::Linux,
            machine: "x86_64",
            needed: vec!["libc.so.6".to_owned()],
            exported: vec!["PyInit__leasehold".to_owned()],
            expected_of_host: vec!["PyList_New".to_owned()],
            glibc: Some((2, 17)),
            macos: None,
            is_signed: false,
            loader: None,
        }
    }

    fn complaints_of(found: &Inspection) -> Vec<String> {
        complaints(&crate::platform::PLATFORMS[0], Artifact::Python, found).unwrap()
    }

    #[test]
    fn a_library_as_it_should_be_is_not_complained_of() {
        assert_eq!(complaints_of(&as_it_should_be()), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let of = |change: fn(&mut Inspection)| {
            let mut found = as_it_should_be();
            change(&mut found);
            complaints_of(&found).join("\n")
        };
        assert!(of(|it| it.machine = "aarch64").contains("aarch64"));
        assert!(of(|it| it.system = System::MacOs).contains("MacOs"));
        assert!(of(|it| it.glibc = Some((2, 18))).contains("2, 18"));
        assert!(of(|it| it.needed.push("libgcc_s.so.1".to_owned())).contains("libgcc_s"));
        assert!(of(|it| it.exported.push("ring_core".to_owned())).contains("ring_core"));
        assert!(of(|it| it.exported.clear()).contains("PyInit__leasehold"));
        assert!(of(|it| it.expected_of_host.push("foo".to_owned())).contains("foo"));
        assert!(of(|it| it.loader = Some("/lib/ld.so".to_owned())).contains("ld.so"));
    }

    #[test]
    fn a_program_for_linux_needs_nothing() {
        let mut found = as_it_should_be();
        found.exported.clear();
        found.expected_of_host.clear();
        let musl = &crate::platform::PLATFORMS[1];
        let complaints = complaints(musl, Artifact::Program, &found).unwrap();
        assert_eq!(complaints, ["it needs libc.so.6"]);
    }
}
