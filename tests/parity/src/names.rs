//! Every name is everywhere, or listed.

use std::collections::BTreeSet;

use crate::differences::{Differences, FILE};
use crate::surface::{Declared, Place, type_of};

/// What is missing somewhere and not listed, or is not missing where the list says so.
pub(crate) fn compare(places: &[Place], differences: &Differences) -> Vec<String> {
    let names: BTreeSet<_> = places.iter().flat_map(|place| place.names.keys()).collect();
    let missing = names
        .iter()
        .filter_map(|name| missing(name, places, differences));
    missing.collect()
}

fn missing(name: &str, places: &[Place], differences: &Differences) -> Option<String> {
    let (with, mut without) = split(name, places);
    let (_, first) = with.first()?;
    // Where there is no such type, that is said once.
    let owner = type_of(name);
    without.retain(|place| {
        owner == name || place.names.contains_key(owner) || !place.types.is_empty()
    });
    if without.is_empty() {
        return None;
    }
    if let Some(only) = differences.about(name) {
        let named: BTreeSet<_> = only.r#in.iter().map(String::as_str).collect();
        let actual: BTreeSet<_> = with.iter().map(|(place, _)| place.name).collect();
        return (actual != named).then(|| {
            format!(
                "{first}: {FILE} says that `{name}` is in {} only, but it is in {}: correct one of \
                 them",
                list(&named),
                list(&actual)
            )
        });
    }
    let without: BTreeSet<_> = without.iter().map(|place| place.name).collect();
    Some(format!(
        "{first} is not in {}: add `{name}` there in its own spelling, or say in {FILE} why not",
        list(&without)
    ))
}

/// The places that have a name, and those that should.
pub(crate) fn split<'a>(
    name: &str,
    places: &'a [Place],
) -> (Vec<(&'a Place, &'a Declared)>, Vec<&'a Place>) {
    let mut with = Vec::new();
    let mut without = Vec::new();
    for place in places.iter().filter(|place| place.covers(name)) {
        match place.names.get(name) {
            Some(declared) => with.push((place, declared)),
            None => without.push(place),
        }
    }
    (with, without)
}

fn list(places: &BTreeSet<&str>) -> String {
    places.iter().copied().collect::<Vec<_>>().join(", ")
}
