//! `docs/SAFETY.md` names the test of each promise: they exist.

use std::fs;
use std::path::Path;

#[test]
fn each_test_that_the_documentation_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/SAFETY.md")).expect("docs/SAFETY.md");
    let mut source = None;
    let mut count = 0;
    // Every other piece stands between backticks: a file, and then its tests.
    for quoted in text.split('`').skip(1).step_by(2) {
        if Path::new(quoted).extension().is_some_and(|it| it == "rs") {
            source = Some(fs::read_to_string(root.join(quoted)).expect(quoted));
        } else if is_test_name(quoted) {
            let source = source.as_ref().expect("a file before its tests");
            assert!(
                source.contains(&format!("fn {quoted}(")),
                "no test {quoted}"
            );
            count += 1;
        }
    }
    assert!(count > 40, "only {count} tests are named");
}

/// Test names are sentences; settings and methods have fewer words.
fn is_test_name(text: &str) -> bool {
    text.matches('_').count() > 1 && text.chars().all(|it| it == '_' || it.is_ascii_lowercase())
}
