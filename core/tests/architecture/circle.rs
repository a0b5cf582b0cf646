//! Modules that need each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Module;

/// For each module, which of its siblings need which, and who needs them so.
type Needs = BTreeMap<String, BTreeMap<String, String>>;

/// The circles among the children of each module, in words.
pub(crate) fn among_siblings(modules: &[Module]) -> Vec<String> {
    let parents: BTreeSet<_> = modules
        .iter()
        .filter_map(|module| Some(module.path.split_last()?.1.to_vec()))
        .collect();
    let circles = parents.iter().filter_map(|parent| {
        let needs = needs_among_children(parent, modules);
        let circle = find(&needs)?;
        let steps = circle.windows(2).map(|step| {
            let why = &needs[&step[0]][&step[1]];
            format!("  {} → {}: {why}\n", step[0], step[1])
        });
        let parent = parent.join("::");
        Some(format!("in crate::{parent}\n{}", steps.collect::<String>()))
    });
    circles.collect()
}

fn needs_among_children(parent: &[String], modules: &[Module]) -> Needs {
    let mut needs = Needs::new();
    for module in modules {
        let Some([child, ..]) = module.path.strip_prefix(parent) else {
            continue;
        };
        let siblings = needs.entry(child.clone()).or_default();
        for used in &module.uses {
            let path: Vec<_> = used.split("::").map(str::to_owned).collect();
            if let Some([other, ..]) = path[1..].strip_prefix(parent)
                && path[0] == "crate"
                && other != child
                && modules
                    .iter()
                    .any(|it| it.path == [parent, std::slice::from_ref(other)].concat())
            {
                siblings
                    .entry(other.clone())
                    .or_insert_with(|| format!("{module} uses {used}"));
            }
        }
    }
    needs
}

/// A circle, if there is one: from a module back to itself.
fn find(needs: &Needs) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    needs
        .keys()
        .find_map(|start| search(start, needs, &mut Vec::new(), &mut done))
}

fn search(
    at: &str,
    needs: &Needs,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = way.iter().position(|it| it == at) {
        let mut circle = way[start..].to_vec();
        circle.push(at.to_owned());
        return Some(circle);
    }
    if !done.contains(at) {
        way.push(at.to_owned());
        for next in needs.get(at).into_iter().flat_map(BTreeMap::keys) {
            if let Some(circle) = search(next, needs, way, done) {
                return Some(circle);
            }
        }
        way.pop();
        done.insert(at.to_owned());
    }
    None
}
