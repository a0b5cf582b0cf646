//! The pages: all Markdown of the project.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser};

/// Folders that hold what others wrote, what was built, or what pages are made from.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "book", "templates"];

pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Page {
    /// What the page consists of, and in which line each part begins.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Event<'_>, usize)> {
        let parser = Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter();
        parser.map(|(part, range)| (part, 1 + self.text[..range.start].matches('\n').count()))
    }

    /// For messages: where in the project a line is.
    pub(crate) fn place(&self, line: usize) -> String {
        let path = self.path.strip_prefix(root()).unwrap_or(&self.path);
        format!("{}:{line}", path.display())
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub(crate) fn pages() -> Vec<Page> {
    let pages: Vec<_> = files(root(), &["md"])
        .into_iter()
        .map(|path| Page {
            text: fs::read_to_string(&path).expect("a page"),
            path,
        })
        .collect();
    assert!(pages.len() > 20, "only {} pages", pages.len());
    pages
}

/// All files of ours under `folder` whose names end in one of `extensions`.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or("");
        if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name) {
            found.extend(files(&path, extensions));
        } else if let Some(extension) = path.extension().and_then(OsStr::to_str)
            && extensions.contains(&extension)
        {
            found.push(path);
        }
    }
    found.sort();
    found
}
