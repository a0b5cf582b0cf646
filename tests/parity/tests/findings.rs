//! The check finds what differs: some of the sources as they are is changed, and it is named.

use leasehold_parity::{Sources, findings};

/// In a file, an old text and the new one in its place.
type Change<'a> = (&'a str, &'a str, &'a str);

fn findings_with(changes: &[Change<'_>]) -> Vec<String> {
    let sources = changes.iter().try_fold(
        Sources::of_checkout().unwrap(),
        |sources, (file, old, new)| sources.with(file, old, new),
    );
    findings(&sources.unwrap()).unwrap()
}

/// With these changes, there is one with all parts of each.
#[track_caller]
fn assert_all_found(changes: &[Change<'_>], each: &[&[&str]]) {
    let findings = findings_with(changes);
    for parts in each {
        let mut found = findings.iter();
        let is_found = found.any(|finding| parts.iter().all(|part| finding.contains(part)));
        assert!(is_found, "none has {parts:?}: {findings:#?}");
    }
}

#[test]
fn nothing_differs_as_it_is() {
    let findings = findings_with(&[]);
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn a_default_that_a_table_tells_otherwise_is_found() {
    let table = "\n\n| setting | default |\n|---|---|\n| `reclaim` | true |\n\n";
    let timings = "docs/src/operations/timings.md";
    assert_all_found(
        &[
            ("ARCHITECTURE.md", "\n\n", table),
            (timings, "| 10 s |", "| 11 s |"),
        ],
        &[
            &["ARCHITECTURE.md:", "reclaim", "\"true\""],
            &[timings, "renew_deadline", "\"11s\", the core \"10s\""],
        ],
    );
}

#[test]
fn a_variable_that_is_no_setting_is_found() {
    let readme = "bindings-node/README.md";
    let changes = [
        (readme, "LEASEHOLD_LEASE_DURATION", "LEASEHOLD_LEASE_LENGTH"),
        (
            "docs/src/get-started/any-program.md",
            "LEASEHOLD_FENCING_TOKEN",
            "LEASEHOLD_TOKEN",
        ),
    ];
    let expected: [&[&str]; 2] = [
        &[
            "`LEASEHOLD_LEASE_LENGTH` (bindings-node/README.md:",
            "is not a setting",
        ],
        &[
            "`LEASEHOLD_TOKEN` (docs/src/get-started/any-program.md:",
            "is not a setting",
        ],
    ];
    assert_all_found(&changes, &expected);
}

#[test]
fn another_version_is_found_in_each_place_that_names_one() {
    let version = env!("CARGO_PKG_VERSION");
    let xml = format!("<version>{version}</version>");
    let json = format!("\"version\": \"{version}\"");
    let changes = [
        (
            "bindings-java/leasehold-test/pom.xml",
            xml.as_str(),
            "<version>9.8.7</version>",
        ),
        (
            "examples/spring-scheduled-jobs/pom.xml",
            &xml,
            "<version>9.8.7</version>",
        ),
        ("bindings-java/README.md", &xml, "<version>9.8.7</version>"),
        (
            "bindings-node/package.json",
            &json,
            "\"version\": \"9.8.7\"",
        ),
        (
            "bindings-node/package-lock.json",
            &json,
            "\"version\": \"9.8.7\"",
        ),
        (
            "examples/node-worker/package.json",
            "file:../../bindings-node",
            "9.8.7",
        ),
        (
            "examples/python-worker/requirements.txt",
            "leasehold\n",
            "leasehold==9.8.7\n",
        ),
        (
            "bindings-python/pyproject.toml",
            "dynamic = [\"version\"]",
            "version = \"9.8.7\"",
        ),
        (
            "cli/Cargo.toml",
            "version.workspace = true",
            "version = \"9.8.7\"",
        ),
        (
            "README.md",
            "npm install leasehold`",
            "npm install leasehold@9.8.7`",
        ),
    ];
    let expected = changes.map(|(file, _, _)| [file, "9.8.7", version]);
    let expected = expected.each_ref().map(<[_; 3]>::as_slice);
    assert_all_found(&changes, &expected);
}

#[test]
fn words_that_are_not_plain_are_found_in_comments_texts_and_names_of_all_languages() {
    let changes = [
        (
            "core/src/error.rs",
            "/// What went wrong.",
            "/// Whatever went wrong.",
        ),
        (
            "core/src/error.rs",
            "/// The term with this",
            "/// Leads for\n    /// ever. The term with this",
        ),
        (
            "core/tests/file_store/files.rs",
            "async fn versions_outlive",
            "async fn anew_versions_outlive",
        ),
        (
            "bindings-node/lib/term.ts",
            "no matter who leads",
            "whoever leads",
        ),
        (
            "bindings-python/python/leasehold/_election.py",
            "no matter which replica leads",
            "all the same",
        ),
        (
            "bindings-java/leasehold/src/main/java/io/leasehold/Term.java",
            "no matter who leads",
            "wherever",
        ),
        (
            "tests/conformance/cases/041-dropped.json",
            "is dropped releases",
            "stands in",
        ),
    ];
    let expected: [&[&str]; 7] = [
        &["core/src/error.rs:", "\"whatever\": no matter what; any"],
        &["core/src/error.rs:", "\"for ever\""],
        &["core/tests/file_store/files.rs:", "\"anew\": again"],
        &["bindings-node/lib/term.ts:", "\"whoever\""],
        &[
            "bindings-python/python/leasehold/_election.py:",
            "\"all the same\"",
        ],
        &[
            "bindings-java/leasehold/src/main/java/io/leasehold/Term.java:",
            "\"wherever\"",
        ],
        &["tests/conformance/cases/041-dropped.json:", "\"stands in\""],
    ];
    assert_all_found(&changes, &expected);
}
