//! Pages say things as an engineer would: CONTRIBUTING.md has the rule, and this the words that only
//! prose can be held to. Those that nothing uses, `tests/parity/src/words.rs` has.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::support::{Page, pages};

/// What not to say, and what to say instead.
const WORDS: [(&str, &str); 5] = [
    ("is told", "say who tells it, or: learns"),
    ("are told", "say who tells them, or: learn"),
    ("has to run out", "has to expire"),
    ("no more before", "no longer, before"),
    ("the very moment", "just when; at any moment"),
];

#[test]
fn pages_use_plain_words() {
    let found: Vec<String> = pages().iter().flat_map(obscure).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn obscure(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for (line, prose) in prose(page) {
        let prose = format!(" {} ", prose.to_lowercase());
        for (word, instead) in WORDS {
            let is_there = prose.match_indices(word).any(|(at, _)| {
                let before = prose[..at].chars().next_back();
                let after = prose[at + word.len()..].chars().next();
                !before.into_iter().chain(after).any(char::is_alphanumeric)
            });
            if is_there {
                let place = page.place(line);
                found.push(format!("{place}: \"{word}\": {instead}"));
            }
        }
    }
    found
}

/// Each run of text, without code, and the line that it begins in.
fn prose(page: &Page) -> Vec<(usize, String)> {
    let mut runs = Vec::new();
    let mut run = (1, String::new());
    let mut in_code = false;
    for (part, line) in page.parts() {
        match part {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if !in_code => {
                if run.1.is_empty() {
                    run.0 = line;
                }
                run.1.push_str(&text);
            }
            Event::Code(_) => run.1.push('`'),
            Event::SoftBreak | Event::HardBreak => run.1.push(' '),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell,
            ) => runs.push(std::mem::take(&mut run)),
            _ => {}
        }
    }
    runs.push(run);
    runs
}
