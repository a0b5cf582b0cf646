//! Words that nothing in the checkout uses: CONTRIBUTING.md has the rule. What only prose can be held
//! to, `docs/tests/pages/words.rs` has.

use anyhow::Result;
use regex::Regex;

use crate::sources::Sources;

/// What not to say, and what to say instead.
const WORDS: [(&str, &str); 19] = [
    ("anew", "again"),
    ("whoever", "the one who; everybody who"),
    ("whatever", "no matter what; any"),
    ("whichever", "the one that"),
    ("wherever", "in each place that"),
    ("for ever", "without end; or say when it ends"),
    ("one's own", "your own"),
    ("all the same", "still; nevertheless"),
    ("stands in", "is in"),
    ("stand in", "are in"),
    ("lease runs out", "the Lease expires"),
    ("lease ran out", "the Lease expired"),
    ("lease run out", "the Lease expire"),
    ("lease has run out", "the Lease has expired"),
    ("leads no more", "no longer leads"),
    ("told no more", "no longer called"),
    ("is to be", "must be; should be; will be; may be"),
    ("are to be", "must be; should be; will be; can be"),
    ("must be told", "must know; must hear of"),
];

const ENDINGS: [&str; 19] = [
    ".c",
    ".go",
    ".html",
    ".java",
    ".js",
    ".json",
    ".kt",
    ".md",
    ".mjs",
    ".properties",
    ".py",
    ".pyi",
    ".rs",
    ".sh",
    ".toml",
    ".ts",
    ".xml",
    ".yaml",
    "Dockerfile",
];

/// Those that have the words to name them.
const EXCEPT: [&str; 2] = [
    "tests/parity/src/words.rs",
    "tests/parity/tests/findings.rs",
];

pub(crate) fn obscure(sources: &Sources) -> Result<Vec<String>> {
    // In a comment the rest may be on the next line, and in a test's name words are joined by `_`.
    let words = WORDS.map(|(word, _)| word.replace(' ', r"[\s_/*#!]+"));
    let words = Regex::new(&format!(
        "(?i)(?:^|[^a-z])({})(?:[^a-z]|$)",
        words.join("|")
    ))?;
    let mut findings = Vec::new();
    for ending in ENDINGS {
        let files = sources.below("", ending);
        for file in files.filter(|file| !EXCEPT.contains(file)) {
            // What is gone meanwhile was another test's, not written by anybody.
            let Ok(text) = sources.text(file) else {
                continue;
            };
            for found in words.captures_iter(&text).filter_map(|found| found.get(1)) {
                let line = text[..found.start()].matches('\n').count() + 1;
                findings.push(format!("{file}:{line}: {}", advice(found.as_str())));
            }
        }
    }
    Ok(findings)
}

fn advice(found: &str) -> String {
    let parts =
        found.split(|character: char| character.is_whitespace() || "_/*#!".contains(character));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let said = parts.join(" ").to_lowercase();
    let instead = WORDS.iter().find(|(word, _)| *word == said);
    format!(
        "\"{said}\": {}",
        instead.map_or("say it plainly", |(_, instead)| instead)
    )
}
