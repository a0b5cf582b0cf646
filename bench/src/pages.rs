//! The files that are made of what was measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use leasehold_tests::with_region;

use crate::results::Results;
use crate::{plot, report};

/// What was measured, from the root of the checkout.
pub(crate) const RESULTS: &str = "bench/results.json";
const PAGE: &str = "docs/src/measured.md";
const PLOTS: &str = "docs/src";

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default()
}

/// Each file that is made, or has a region that is, with what belongs in it.
pub(crate) fn pages(results: &Results) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = only_figures(results, Path::new(PAGE), Path::new(PLOTS))?;
    for region in report::REGIONS {
        let path = PathBuf::from(region.file);
        let text = match files.remove(&path) {
            Some(text) => text,
            None => fs::read_to_string(root().join(&path))
                .with_context(|| format!("cannot read {}", region.file))?,
        };
        let made = (region.make)(results);
        files.insert(path, with_region(&text, region.name, &made)?);
    }
    Ok(files)
}

/// The page with all figures, and the plots that it shows.
pub(crate) fn only_figures(
    results: &Results,
    page: &Path,
    plots: &Path,
) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::from([(page.to_owned(), report::page(results)?)]);
    for measure in results.measures() {
        if plot::shows(results, measure) {
            files.insert(
                plots.join(plot::path(measure)),
                plot::draw(results, measure)?,
            );
        }
    }
    Ok(files)
}

/// Writes `files` below `folder`.
pub(crate) fn write(files: &BTreeMap<PathBuf, String>, folder: &Path) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_shows_what_was_measured() {
        let results = Results::load(&root().join(RESULTS)).unwrap();
        for (path, wanted) in pages(&results).unwrap() {
            let written = fs::read_to_string(root().join(&path)).unwrap_or_default();
            assert!(
                written == wanted,
                "{} is stale: run `cargo xtask bench --pages`",
                path.display()
            );
        }
    }
}
