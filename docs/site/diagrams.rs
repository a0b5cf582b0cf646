//! A block of the language `diagram` is drawn in characters, and readable as it is on GitHub. What
//! follows `diagram` in its first line is the caption, which says the same in words. In the site the
//! block is an SVG, in the colours of mdBook's theme (`docs/site/site.css`).

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// `page`, in which each diagram is a picture.
pub(crate) fn with_pictures(page: &str) -> Result<String, String> {
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
