//! What the site has beyond its pages' Markdown: a preprocessor of mdBook, which `docs/book.toml` names.
//! It draws the diagrams, says above each page where in the site it is, and has links to a folder's
//! `README.md` lead to the page that mdBook makes of it.
//!
//! mdBook sends its settings and the book as JSON, and takes the book back in the same form:
//! <https://rust-lang.github.io/mdBook/for_developers/preprocessors.html>.

mod diagrams;
mod place;

use std::env;
use std::error::Error;
use std::io;

use serde_json::Value;

use crate::place::Place;

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("supports") {
        return Ok(());
    }
    let (_settings, mut book): (Value, Value) = serde_json::from_reader(io::stdin())?;
    if let Some(items) = book.get_mut("items").and_then(Value::as_array_mut) {
        complete(items, Place::default())?;
    }
    Ok(serde_json::to_writer(io::stdout(), &book)?)
}

/// Completes each chapter of `items`, which are at `place`, and the chapters below it.
fn complete(items: &mut [Value], mut place: Place) -> Result<(), String> {
    for item in items {
        if let Some(title) = item.get("PartTitle").and_then(Value::as_str) {
            place = Place::of_part(title);
        }
        let Some(chapter) = item.get_mut("Chapter") else {
            continue;
        };
        let text = |field: &str| {
            chapter
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (name, path) = (text("name").to_owned(), text("path").to_owned());
        let page =
            diagrams::with_pictures(text("content")).map_err(|why| format!("{path}: {why}"))?;
        let below = place.below(&name, &path);
        // mdBook calls the page `index.md`, and leaves links to it as they are.
        let page = page.replace("README.md)", "index.md)");
        chapter["content"] = (place.line(&name, &path) + &page).into();
        if let Some(items) = chapter.get_mut("sub_items").and_then(Value::as_array_mut) {
            complete(items, below)?;
        }
    }
    Ok(())
}
