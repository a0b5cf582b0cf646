//! The program that completes the site's pages draws each diagram, with its caption, and says above each
//! page where it is.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{files, root};

#[test]
fn each_diagram_of_the_site_is_a_picture_with_a_caption() {
    let (mut chapters, mut diagrams) = (Vec::new(), 0);
    for path in files(&root().join("docs/src"), &["md"]) {
        let page = std::fs::read_to_string(&path).expect("a page");
        diagrams += page.matches("```diagram").count();
        chapters.push(json!({ "Chapter": { "path": path, "content": page, "sub_items": [] } }));
    }
    assert!(diagrams >= 7, "only {diagrams} diagrams");

    let output = draws(&json!({ "items": chapters }));
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{messages}");
    let book: Value = serde_json::from_slice(&output.stdout).expect("a book");
    let drawn = book["items"].as_array().expect("chapters").iter();
    let pages: String = drawn
        .map(|it| it["Chapter"]["content"].as_str().expect("a page"))
        .collect();
    assert!(!pages.contains("```diagram"), "a diagram is not drawn");
    let pictures: Vec<&str> = pages.split("<figure").skip(1).collect();
    assert_eq!(pictures.len(), diagrams);
    for picture in pictures {
        let (svg, caption) = picture.split_once("</svg>").expect("a picture");
        assert!(svg.contains("<path") && svg.contains("<text"), "{svg}");
        assert!(!svg.contains("\n\n"), "Markdown ends here:\n{svg}");
        let caption = caption.split_once("<figcaption>\n\n").expect("a caption").1;
        assert!(caption.starts_with(char::is_alphabetic), "{caption}");
    }
}

#[test]
fn the_rest_of_a_page_stays_as_it_is() {
    let page = "# A\n\n```text\n--> diagram\n```\n\n- b\n";
    let chapter = json!({ "name": "A", "path": "index.md", "content": page, "sub_items": [] });
    let book = json!({ "items": ["Separator", { "Chapter": chapter }] });
    let output = draws(&book);
    let drawn: Value = serde_json::from_slice(&output.stdout).expect("a book");
    assert_eq!(drawn, book);
}

#[test]
fn a_page_says_where_it_is_with_links_to_the_pages_above_it() {
    let page = |name, path, below: &[Value]| {
        let chapter = json!({ "name": name, "path": path, "content": "", "sub_items": below });
        json!({ "Chapter": chapter })
    };
    let nest = page("NestJS", "get-started/nestjs.md", &[]);
    let output = draws(&json!({ "items": [
        page("Leasehold", "index.md", &[]),
        page("Concepts", "concepts.md", &[]),
        { "PartTitle": "Get started" },
        page("Node", "get-started/node.md", &[nest]),
        { "PartTitle": "Safety" },
        page("Promises", "safety.md", &[]),
    ] }));
    let book: Value = serde_json::from_slice(&output.stdout).expect("a book");
    let line = |page: &Value| {
        let page = page["Chapter"]["content"].as_str().expect("a page");
        page.lines().nth(2).unwrap_or_default().to_owned()
    };
    let items = &book["items"];
    assert_eq!(line(&items[0]), "");
    assert_eq!(line(&items[1]), "[Leasehold](index.md) › Concepts");
    assert_eq!(
        line(&items[3]),
        "[Leasehold](../index.md) › Get started › Node"
    );
    assert_eq!(
        line(&items[3]["Chapter"]["sub_items"][0]),
        "[Leasehold](../index.md) › Get started › [Node](../get-started/node.md) › NestJS"
    );
    assert_eq!(line(&items[5]), "[Leasehold](index.md) › Safety › Promises");
}

#[test]
fn a_link_to_a_readme_leads_to_the_page_that_is_made_of_it() {
    let page = "[Stop it first](switching/README.md)";
    let chapter = json!({ "name": "A", "path": "index.md", "content": page, "sub_items": [] });
    let output = draws(&json!({ "items": [{ "Chapter": chapter }] }));
    let book: Value = serde_json::from_slice(&output.stdout).expect("a book");
    let drawn = &book["items"][0]["Chapter"]["content"];
    assert_eq!(drawn, "[Stop it first](switching/index.md)");
}

#[test]
fn a_diagram_without_a_caption_fails_and_names_the_page() {
    let chapter = json!({ "path": "concepts.md", "content": "```diagram\n-->\n```\n" });
    let output = draws(&json!({ "items": [{ "Chapter": chapter }] }));
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("concepts.md"), "{message}");
    assert!(message.contains("has no caption"), "{message}");
}

/// What the program makes of `book`, which mdBook sends it with its settings.
fn draws(book: &Value) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mdbook-site"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let book = json!([{}, book]).to_string();
    let mut input = program.stdin.take().expect("its input");
    input.write_all(book.as_bytes()).expect("it reads");
    drop(input);
    program.wait_with_output().expect("it ends")
}
