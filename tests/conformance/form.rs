//! The form of the cases: a malformed one is found out.

use super::case::Case;

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
