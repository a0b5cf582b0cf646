//! Figures in a page of the documentation that is written by hand.

use anyhow::{Context, Result};

/// `text` with `made` between the marks of the region `name`.
pub fn with_region(text: &str, name: &str, made: &str) -> Result<String> {
    let (begin, end) = (
        format!("<!-- measured: {name} -->\n"),
        "<!-- end of what was measured -->",
    );
    let start = text.find(&begin).with_context(|| format!("no {begin}"))? + begin.len();
    let length = text[start..]
        .find(end)
        .with_context(|| format!("no {end}"))?;
    let (before, after) = (&text[..start], &text[start + length..]);
    Ok([before, "\n", made, "\n", after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let text = "a\n<!-- measured: x -->\nold\n<!-- end of what was measured -->\nb\n";
        let wanted = "a\n<!-- measured: x -->\n\nnew\n\n<!-- end of what was measured -->\nb\n";
        assert_eq!(with_region(text, "x", "new\n").unwrap(), wanted);
        assert_eq!(with_region(wanted, "x", "new\n").unwrap(), wanted);
        assert!(with_region(text, "y", "new").is_err());
    }
}
