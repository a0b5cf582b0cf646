//! Entries of `differences.toml` to which nothing corresponds any more, or that say no reason.

use crate::differences::{Called, Differences, FILE};
use crate::names::split;
use crate::surface::Place;

pub(crate) fn entries(places: &[Place], differences: &Differences) -> Vec<String> {
    let names = differences.only.iter().flat_map(|only| &only.names);
    let not_missing = names
        .filter(|name| is_everywhere_or_nowhere(name, places))
        .map(|name| {
            format!("{FILE}: `{name}` is everywhere or nowhere by now: remove it from its list")
        });
    let called = &differences.called;
    let not_there = called.iter().filter(|called| !is_there(called, places));
    let not_there = not_there.map(
        |Called {
             r#in: place, here, ..
         }| { format!("{FILE}: {place} has no `{here}` any more: remove the entry") },
    );
    let reasonless = reasons(differences)
        .filter(|(why, _)| why.trim().is_empty())
        .map(|(_, what)| format!("{FILE}: say why `{what}` differs"));
    not_missing.chain(not_there).chain(reasonless).collect()
}

fn is_everywhere_or_nowhere(name: &str, places: &[Place]) -> bool {
    let (with, without) = split(name, places);
    with.is_empty() || without.is_empty()
}

fn is_there(called: &Called, places: &[Place]) -> bool {
    let member = format!("{}.", called.here);
    let mut theirs = places.iter().filter(|place| place.name == called.r#in);
    theirs.any(|place| {
        let mut declared = place.names.values();
        declared.any(|it| it.name == called.here || it.name.starts_with(&member))
    })
}

/// Each reason, and what it is for.
fn reasons(differences: &Differences) -> impl Iterator<Item = (&str, String)> {
    let only = differences.only.iter();
    let only = only.map(|it| (it.why.as_str(), it.names.join(", ")));
    let called = differences.called.iter();
    let called = called.map(|it| (it.why.as_str(), it.here.clone()));
    let variable = differences.variable.iter();
    let variable = variable.map(|it| (it.why.as_str(), it.name.clone()));
    only.chain(called).chain(variable)
}
