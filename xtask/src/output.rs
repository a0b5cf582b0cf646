//! What the output of a program says about how far it is, and about how it went.

use std::io::Read;

use console::strip_ansi_codes;

/// A piece of a program's output.
pub(crate) enum Line {
    /// What a terminal would overwrite.
    Progress(String),
    Text(String),
}

/// Calls `each` with the lines of `output` until it says no.
pub(crate) fn lines(mut output: impl Read, mut each: impl FnMut(Line) -> bool) {
    let mut unfinished = Vec::new();
    let mut chunk = [0; 8192];
    // What cannot be read is over.
    while let Ok(length @ 1..) = output.read(&mut chunk) {
        for &byte in &chunk[..length] {
            if !matches!(byte, b'\n' | b'\r') {
                unfinished.push(byte);
            } else if !send(&mut unfinished, &mut each) {
                return;
            }
        }
    }
    send(&mut unfinished, &mut each);
}

fn send(line: &mut Vec<u8>, each: &mut impl FnMut(Line) -> bool) -> bool {
    let text = String::from_utf8_lossy(line);
    let text = strip_ansi_codes(&text).trim_end().to_owned();
    line.clear();
    if text.is_empty() {
        return true;
    }
    each(match cargo_bar(&text) {
        Some(how_far) => Line::Progress(how_far),
        None => Line::Text(text),
    })
}

/// Of cargo: `Building [=====>     ] 53/120: kube, rustls`.
fn cargo_bar(line: &str) -> Option<String> {
    let (before, after) = line.split_once("] ")?;
    let before = before.trim_start();
    if !before.starts_with("Building [") && !before.starts_with("Checking [") {
        return None;
    }
    let (done, all) = after.split([':', ' ']).next()?.split_once('/')?;
    Some(format!("{done} of {all} crates"))
}

/// How far a program is that prints this line, if it says so.
pub(crate) fn how_far(line: &str) -> Option<String> {
    // Of `cargo test`: `Running tests/x.rs (target/…)`.
    if let Some(test) = line.trim_start().strip_prefix("Running ") {
        return test.split(" (").next().map(str::to_owned);
    }
    // Of Maven: `[INFO] Building leasehold 0.1.0    [2/9]`.
    let (_, module) = line.split_once("[INFO] Building ")?;
    let (done, all) = module
        .rsplit_once('[')?
        .1
        .strip_suffix(']')?
        .split_once('/')?;
    Some(format!("{done} of {all} modules"))
}

/// Whether it is what a test runner says in the end: cargo's, Surefire's, Node's, pytest's, ours.
pub(crate) fn sums_up(line: &str) -> bool {
    let line = line.trim();
    let cargo = line.starts_with("test result: ") && !line.contains(" 0 passed; 0 failed");
    let surefire = line.contains("] Tests run: ") && !line.contains("Time elapsed");
    let node = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "));
    let node = node.is_some_and(|it| {
        ["tests ", "pass ", "fail "]
            .iter()
            .any(|word| it.starts_with(word))
    });
    let pytest = line.trim_matches(['=', ' ']);
    let pytest = pytest.starts_with(|it: char| it.is_ascii_digit())
        && pytest.contains(" passed")
        && pytest.contains(" in ");
    cargo || surefire || node || pytest || line.starts_with("ok no job ran twice")
}

/// Whether it says what has failed: a test of cargo's, Surefire's, Node's or pytest's.
pub(crate) fn is_a_failure(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("test ") && line.ends_with("FAILED")
        || line.contains(" panicked at ")
        || line.contains("[ERROR] ")
        || line.starts_with("not ok ")
        || line.starts_with("✖ ")
        || line.starts_with("FAILED ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Vec<String> {
        let mut all = Vec::new();
        lines(output.as_bytes(), |line| {
            all.push(match line {
                Line::Progress(how_far) => format!("({how_far})"),
                Line::Text(text) => text,
            });
            true
        });
        all
    }

    #[test]
    fn the_bar_of_cargo_says_how_far_it_is_and_is_no_text() {
        let output = "   Compiling a v1\n    Building [==>   ] 53/120: kube, a(build)\r\u{1b}[K   Compiling b v1\n";
        assert_eq!(
            read(output),
            [
                "   Compiling a v1",
                "(53 of 120 crates)",
                "   Compiling b v1"
            ]
        );
    }

    #[test]
    fn a_last_line_without_an_end_is_one() {
        assert_eq!(read("one\r\ntwo"), ["one", "two"]);
    }

    #[test]
    fn maven_and_cargo_test_say_how_far_they_are() {
        let maven = "[INFO] Building Leasehold for Java 0.1.0          [2/9]";
        assert_eq!(how_far(maven).as_deref(), Some("2 of 9 modules"));
        let cargo = "     Running tests/api.rs (target/debug/deps/api-1)";
        assert_eq!(how_far(cargo).as_deref(), Some("tests/api.rs"));
        assert_eq!(how_far("[INFO] Building jar: a.jar"), None);
    }

    #[test]
    fn the_last_word_of_each_test_runner_is_known() {
        for line in [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0",
            "# tests 9",
            "ℹ pass 9",
            "41 passed in 3.20s",
            "===== 41 passed, 1 warning in 3.20s =====",
        ] {
            assert!(sums_up(line), "{line}");
        }
        for line in [
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in A",
            "test a::b ... ok",
        ] {
            assert!(!sums_up(line), "{line}");
        }
    }

    #[test]
    fn a_failed_test_is_known() {
        for line in [
            "test rooms::there_are_no_circles ... FAILED",
            "thread 'rooms::x' (17) panicked at core/tests/rooms.rs:3:5:",
            "[ERROR] Failures: ",
            "not ok 3 - one leads",
            "FAILED tests/test_fork.py::test_a_child",
        ] {
            assert!(is_a_failure(line), "{line}");
        }
        assert!(!is_a_failure("test rooms::there_are_no_circles ... ok"));
    }
}
