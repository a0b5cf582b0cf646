//! What a page points to in the project exists, and each page of the book is in its table of contents.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::support::{Page, files, pages, root};

#[test]
fn each_link_leads_to_a_file_and_a_heading_that_exist() {
    let pages = pages();
    let headings: HashMap<_, _> = pages
        .iter()
        .map(|page| (page.path.canonicalize().expect("a path"), headings(page)))
        .collect();
    let mut broken = Vec::new();
    for page in &pages {
        for (target, line) in links(page) {
            // Made by `cargo xtask site`, which looks for it.
            if is_of_the_book(&page.path) && target.starts_with("../api/") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let folder = page.path.parent().expect("a folder");
            let file = match file {
                "" => page.path.clone(),
                file => folder.join(file),
            };
            let there = file.canonicalize().is_ok_and(|file| {
                // The site has nothing but the book.
                let left_out = is_of_the_book(&page.path) && !is_of_the_book(&file);
                let known = headings
                    .get(&file)
                    .is_some_and(|known| known.contains(heading));
                !left_out && (heading.is_empty() || known)
            });
            if !there {
                broken.push(format!("{}: {target}", page.place(line)));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn each_page_of_the_book_is_in_its_table_of_contents() {
    let book = root().join("docs/src");
    let contents = std::fs::read_to_string(book.join("SUMMARY.md")).expect("the contents");
    for page in files(&book, &["md"]) {
        let name = page.strip_prefix(&book).expect("a page of the book");
        let listed = contents.contains(&format!("({})", name.display()));
        assert!(listed || name == Path::new("SUMMARY.md"), "{name:?}");
    }
}

fn is_of_the_book(file: &Path) -> bool {
    let book = root().join("docs/src").canonicalize().expect("the book");
    file.canonicalize().is_ok_and(|file| file.starts_with(book))
}

/// Where the page points to within the project.
fn links(page: &Page) -> Vec<(String, usize)> {
    page.parts()
        .filter_map(|(part, line)| match part {
            Event::Start(Tag::Link { dest_url, .. }) => Some((dest_url.to_string(), line)),
            _ => None,
        })
        .filter(|(target, _)| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The headings as GitHub and mdBook name them in links.
fn headings(page: &Page) -> HashSet<String> {
    let mut headings = HashSet::new();
    let mut open: Option<String> = None;
    for (part, _) in page.parts() {
        match part {
            Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => headings.extend(open.take().map(|it| anchor(&it))),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut open {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    headings
}

fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}
