//! The files of the checkout.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What is made, not written.
const MADE: [&str; 5] = ["target", "node_modules", "dist", "packages", "book"];

/// All files with text, as they are, or as a test has changed them.
pub struct Sources {
    root: PathBuf,
    files: Vec<String>,
    changed: BTreeMap<String, String>,
}

impl Sources {
    /// Those of this checkout.
    pub fn of_checkout() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = Vec::new();
        collect(&root, &root, &mut files)?;
        files.sort();
        Ok(Self {
            root,
            files,
            changed: BTreeMap::new(),
        })
    }

    /// The same, with `old` replaced by `new` in one file. Fails if `old` is not in it.
    pub fn with(mut self, file: &str, old: &str, new: &str) -> Result<Self> {
        let text = self.text(file)?;
        ensure!(text.contains(old), "{file} has no {old:?}");
        self.changed.insert(file.to_owned(), text.replace(old, new));
        Ok(self)
    }

    /// What is in a file.
    pub(crate) fn text(&self, file: &str) -> Result<String> {
        match self.changed.get(file) {
            Some(text) => Ok(text.clone()),
            None => fs::read_to_string(self.root.join(file)).with_context(|| format!("no {file}")),
        }
    }

    /// The files in `folder`, and in those below, that end with `ending`.
    pub(crate) fn below<'a>(
        &'a self,
        folder: &'a str,
        ending: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let files = self.files.iter().map(String::as_str);
        files.filter(move |file| file.starts_with(folder) && file.ends_with(ending))
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        // Somebody has removed it meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || MADE.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Some(file) = path.strip_prefix(root)?.to_str() {
            files.push(file.to_owned());
        }
    }
    Ok(())
}
