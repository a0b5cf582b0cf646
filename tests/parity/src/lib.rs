//! Finds what is said in several places by hand and is not the same: versions, variables of the
//! environment, defaults in tables of the documentation; and words that nothing is to use.
//!
//! What else the languages have in common needs no comparison: settings and words are made from the
//! core's (`cargo xtask codegen`), and that each language can do what is promised, a conformance case
//! shows.

mod documents;
mod sources;
mod versions;
mod words;

use anyhow::Result;

pub use self::sources::Sources;

/// Everything that differs and should not: a sentence each, with where it is and the fix.
pub fn findings(sources: &Sources) -> Result<Vec<String>> {
    let mut findings = documents::wrong_defaults(sources)?;
    findings.extend(documents::unknown_variables(sources)?);
    findings.extend(versions::compare(sources)?);
    findings.extend(words::obscure(sources)?);
    Ok(findings)
}
