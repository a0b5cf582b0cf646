//! Each code block of a page stands, line for line, in a file that is compiled or run by a test.
//!
//! So pages can be read where they are, and yet show nothing that does not work. What a program prints
//! is `text`; what is typed with a cluster, Docker or this checkout at hand is `console`.

use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use crate::support::{Page, files, pages, root};

/// Where files are all compiled, run, or sent to an API server by some test.
const TESTED: [&str; 2] = ["docs/listings", "examples"];

#[test]
fn each_code_block_is_in_a_file_that_is_tested() {
    let missing: Vec<String> = pages().iter().flat_map(untested).collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// What is wrong with the blocks of `page`.
fn untested(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    for Block {
        language,
        code,
        line,
    } in blocks(page)
    {
        let place = page.place(line);
        let Some(extensions) = extensions(&language) else {
            wrong.push(format!(
                "{place}: `{language}` is not a language of a block"
            ));
            continue;
        };
        if !extensions.is_empty() && !is_in_a_file(&code, extensions) {
            wrong.push(format!(
                "{place}: this block is in no tested file: put it into docs/listings, or mend it"
            ));
        }
    }
    wrong
}

struct Block {
    language: String,
    code: String,
    line: usize,
}

fn blocks(page: &Page) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = None;
    for (part, line) in page.parts() {
        match (part, &mut open) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                let language = match kind {
                    CodeBlockKind::Fenced(first_line) => {
                        // What follows is the caption of a diagram.
                        let language = first_line.split_whitespace().next();
                        language.unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                open = Some(Block {
                    language,
                    code: String::new(),
                    line,
                });
            }
            (Event::Text(text), Some(block)) => block.code.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

/// The endings of files that a block may be in; none if there is nothing to test.
fn extensions(language: &str) -> Option<&'static [&'static str]> {
    Some(match language {
        "" | "text" | "console" | "diagram" => &[],
        "java" => &["java"],
        "js" => &["mjs"],
        "python" => &["py"],
        "rust" => &["rs"],
        "sh" => &["sh"],
        "sql" => &["sql"],
        "toml" => &["toml"],
        "ts" => &["ts"],
        "xml" => &["xml"],
        "yaml" => &["yaml", "yml"],
        _ => return None,
    })
}

fn is_in_a_file(code: &str, extensions: &[&str]) -> bool {
    let code = lines(code);
    TESTED
        .iter()
        .flat_map(|folder| files(&root().join(folder), extensions))
        .any(|file| contains(&file, &code))
}

fn contains(file: &Path, code: &[&str]) -> bool {
    let text = fs::read_to_string(file).expect("a text file");
    let code = dedented(code);
    lines(&text)
        .windows(code.len())
        .any(|lines| dedented(lines) == code)
}

fn lines(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_end);
    lines.filter(|line| !line.is_empty()).collect()
}

/// Without the indentation of all, which differs with what a block is in.
fn dedented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let indentation = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().map(indentation).min().unwrap_or(0);
    lines.iter().map(|line| &line[common..]).collect()
}
