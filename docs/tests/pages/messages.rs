//! The messages that the page on troubleshooting explains are messages of ours.

use std::fs;

use leasehold::{ErrorKind, LostReason};

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::support::{Page, files, root};

#[test]
fn each_message_that_is_explained_can_be_met() {
    let sources = sources();
    let path = root().join("docs/src/operations/troubleshooting.md");
    let page = Page {
        text: fs::read_to_string(&path).expect("the page"),
        path,
    };
    let messages = first_cells(&page);
    assert!(messages.len() > 30, "only {} messages", messages.len());
    for (message, line) in messages {
        let place = page.place(line);
        let names = names();
        let is_said = if message.contains(' ') {
            sources.contains(&message)
        } else {
            names.contains(&&*message)
        };
        assert!(is_said, "{place}: nothing says `{message}`");
    }
}

/// Messages of one word.
fn names() -> Vec<&'static str> {
    let reasons = LostReason::ALL.iter().map(|reason| reason.name());
    reasons
        .chain(ErrorKind::ALL.iter().map(|kind| kind.name()))
        .collect()
}

/// The code in the first cell of each row of a table.
fn first_cells(page: &Page) -> Vec<(String, usize)> {
    let mut cells = Vec::new();
    let mut column = None;
    for (part, line) in page.parts() {
        match part {
            Event::Start(Tag::TableRow) => column = Some(0),
            Event::End(TagEnd::TableCell) => column = column.map(|it| it + 1),
            Event::Code(code) if column == Some(0) => cells.push((code.to_string(), line)),
            Event::End(TagEnd::Table) => column = None,
            _ => {}
        }
    }
    cells
}

/// All that is written in Rust and Java, with texts over several lines put together.
fn sources() -> String {
    let mut sources = String::new();
    for folder in ["core/src", "cli/src", "bindings-java/leasehold/src/main"] {
        for file in files(&root().join(folder), &["rs", "java"]) {
            sources.push_str(&fs::read_to_string(file).expect("a source"));
        }
    }
    let mut lines = sources.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| text + line.trim_start())
}
