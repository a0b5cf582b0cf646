//! Comments as each language has them.

use textwrap::{Options, WordSplitter, WrapAlgorithm};

/// `/** … */`, for Java and TypeScript, with `notes` such as `@return` below. The first line has no
/// indentation: the template has it.
pub(crate) fn star_comment(text: &str, notes: &[String], indent: usize, width: usize) -> String {
    let one_line = format!("/** {text} */");
    if notes.is_empty() && indent + one_line.chars().count() <= width {
        return one_line;
    }
    let margin = " ".repeat(indent);
    let wrapped = |text: &str, hang: usize| {
        let first = format!("{margin} * ");
        let next = format!("{first}{}", " ".repeat(hang));
        fill(text, &first, &next, width)
    };
    let mut parts = vec![wrapped(text, 0)];
    if !notes.is_empty() {
        parts.push(format!("{margin} *"));
    }
    parts.extend(notes.iter().map(|note| wrapped(note, 4)));
    format!("/**\n{}\n{margin} */", parts.join("\n"))
}

/// `"""…"""`, for Python.
pub(crate) fn docstring(text: &str, indent: usize, width: usize) -> String {
    let one_line = format!("\"\"\"{text}\"\"\"");
    if indent + one_line.chars().count() <= width {
        return one_line;
    }
    let margin = " ".repeat(indent);
    // Of two lines at least, since what is on one line is to end there.
    let mut lines = fill(&format!("\"\"\"{text}"), &margin, &margin, width);
    if !lines.contains('\n') {
        lines = fill(&lines, "", &margin, width - 3);
    }
    format!("{}\n{margin}\"\"\"", lines.trim_start())
}

/// Lines as long as fit, each as full as can be.
pub(crate) fn fill(text: &str, first: &str, next: &str, width: usize) -> String {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(next)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::fill(text, options)
}
