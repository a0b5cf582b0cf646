//! Draws the diagrams of the site: a preprocessor of mdBook, which `docs/book.toml` names.
//!
//! A block of the language `diagram` is drawn in characters, and readable as it is on GitHub. What
//! follows `diagram` in its first line is the caption, which says the same in words. In the site the
//! block is an SVG, in the colours of mdBook's theme (`docs/site/site.css`).
//!
//! mdBook sends its settings and the book as JSON, and takes the book back in the same form:
//! <https://rust-lang.github.io/mdBook/for_developers/preprocessors.html>.

use std::env;
use std::error::Error;
use std::io;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("supports") {
        return Ok(());
    }
    let (_settings, mut book): (Value, Value) = serde_json::from_reader(io::stdin())?;
    draw_in_chapters(&mut book)?;
    Ok(serde_json::to_writer(io::stdout(), &book)?)
}

/// Draws the diagrams of each chapter, however deep in the book it is.
fn draw_in_chapters(part: &mut Value) -> Result<(), Box<dyn Error>> {
    match part {
        Value::Array(parts) => parts.iter_mut().try_for_each(draw_in_chapters),
        Value::Object(fields) => {
            if let Some(page) = fields.get("content").and_then(Value::as_str) {
                let drawn = with_pictures(page).map_err(|why| match fields.get("path") {
                    Some(path) => format!("{path}: {why}"),
                    None => why,
                })?;
                fields.insert("content".to_owned(), drawn.into());
            }
            fields.values_mut().try_for_each(draw_in_chapters)
        }
        _ => Ok(()),
    }
}

/// `page`, in which each diagram is a picture.
fn with_pictures(page: &str) -> Result<String, String> {
    let (mut made, mut done) = (String::new(), 0);
    let mut open = None;
    for (part, range) in Parser::new(page).into_offset_iter() {
        match (part, &mut open) {
            (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(first_line))), _) => {
                open = first_line
                    .strip_prefix("diagram")
                    .map(|caption| (caption.trim().to_owned(), String::new()));
            }
            (Event::Text(text), Some((_, drawing))) => drawing.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => {
                if let Some((caption, drawing)) = open.take() {
                    made.push_str(&page[done..range.start]);
                    made.push_str(&picture(&caption, &drawing)?);
                    done = range.end;
                }
            }
            _ => {}
        }
    }
    made.push_str(&page[done..]);
    Ok(made)
}

/// A picture as HTML, which Markdown ends at an empty line, with its caption as Markdown.
fn picture(caption: &str, drawing: &str) -> Result<String, String> {
    if caption.is_empty() {
        return Err(format!(
            "a diagram has no caption, so those who cannot see it learn nothing: \
             write \"```diagram A sentence that says what it shows.\"\n{drawing}"
        ));
    }
    let options = aasvg::RenderOptions::new().with_stretch(true);
    let svg = aasvg::render_with_options(drawing, &options);
    let svg: Vec<_> = svg.lines().filter(|line| !line.trim().is_empty()).collect();
    // The caption says it all, so that no screen reader reads labels out of their order. The focus
    // lets the keyboard move a picture that is wider than the window.
    Ok(format!(
        "<figure class=\"diagram\">\n<div aria-hidden=\"true\" tabindex=\"0\">\n{}\n</div>\n\
         <figcaption>\n\n{caption}\n\n</figcaption>\n</figure>\n",
        svg.join("\n")
    ))
}
