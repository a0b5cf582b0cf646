//! Finds what one language of Leasehold has and another has not: public names, events, kinds of
//! errors, reasons, roles, modes, settings, their defaults, variables of the environment, versions.
//!
//! The core is the model. What Java, Node and Python declare is read from their sources by real
//! parsers, and compared after `isLeader` has become `is_leader`. What differs on purpose stands in
//! `differences.toml`, each with its reason; an entry that no longer holds is a finding as well.

mod defaults;
mod differences;
mod documents;
mod java;
mod names;
mod places;
mod python;
mod rust;
mod sources;
mod stale;
mod surface;
mod tree;
mod typescript;
mod versions;

use anyhow::Result;

use self::defaults::Defaults;
use self::differences::Differences;
use self::rust::Rust;
pub use self::sources::Sources;

/// Everything that differs and should not: a sentence each, with where it is and the fix.
pub fn findings(sources: &Sources) -> Result<Vec<String>> {
    let differences = Differences::read(sources)?;
    let core = Rust::parse(sources)?;
    let places = places::all(sources, &core, &differences)?;
    let mut findings = names::compare(&places, &differences);
    findings.extend(stale::entries(&places, &differences));
    let defaults = Defaults::new(core.defaults()?)?;
    findings.extend(defaults.compare(&places));
    findings.extend(documents::wrong_defaults(sources, &defaults)?);
    findings.extend(documents::unknown_variables(
        sources,
        &places,
        &differences,
    )?);
    findings.extend(versions::compare(sources)?);
    Ok(findings)
}
