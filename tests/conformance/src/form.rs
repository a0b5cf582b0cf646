//! The form of the cases: the index agrees with them, and a malformed one is found out.

use std::{env, fs};

use crate::case::{self, Case};
use crate::index::Entry;

/// Set, the index is written anew instead of compared.
const WRITE_INDEX: &str = "LEASEHOLD_WRITE_INDEX";

#[test]
fn the_index_agrees_with_the_cases() {
    let cases = Case::load_all().unwrap();
    let entries: Vec<_> = cases.iter().map(Entry::of).collect();
    let index = case::folder().with_file_name("index.json");
    if env::var_os(WRITE_INDEX).is_some() {
        let text = serde_json::to_string_pretty(&entries).unwrap();
        fs::write(&index, text + "\n").unwrap();
    }
    let written: Vec<Entry> = serde_json::from_str(&fs::read_to_string(index).unwrap()).unwrap();
    assert_eq!(written, entries, "set {WRITE_INDEX}=1 to write it anew");
}

#[test]
fn the_numbers_count_from_one_without_gaps() {
    for (index, case) in Case::load_all().unwrap().iter().enumerate() {
        assert_eq!(case.number, format!("{:03}", index + 1));
    }
}

#[test]
fn what_a_case_says_too_much_is_an_error_that_names_the_field() {
    for (step, parts) in [
        (r#"{"cal": {}}"#, ["steps[0]", "`cal`"]),
        (
            r#"{"call": {"on": "a", "do": "start", "wth": {}}}"#,
            ["steps[0].call", "`wth`"],
        ),
        (
            r#"{"call": {"on": "a", "do": "strat"}}"#,
            ["steps[0]", "`strat`"],
        ),
        (
            r#"{"call": {"on": "a", "do": "start", "with": {"x": 1}}}"#,
            ["steps[0]", "`x`"],
        ),
        (
            r#"{"call": {"on": "b", "do": "start"}}"#,
            ["steps[0]", "no candidate b"],
        ),
        (
            r#"{"event": {"of": "a", "is": "aquired"}}"#,
            ["steps[0].event.is", "`aquired`"],
        ),
        (
            r#"{"lease": {"is": {"spec": {"$contain": []}}}}"#,
            ["steps[0].lease", "$contain"],
        ),
    ] {
        let text = format!(
            r#"{{"title": "t", "holds": "h", "stores": [], "candidates": {{"a": {{}}}}, "steps": [{step}]}}"#
        );
        let error = format!("{:#}", Case::parse("001-x.json", &text).unwrap_err());
        for part in parts {
            assert!(error.contains(part), "no {part:?} in {error}");
        }
    }
}
