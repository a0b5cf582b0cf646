//! The pages on safety and on threats name the test of each promise: they exist.

use std::fs;

use crate::support::root;

#[test]
fn each_test_that_the_documentation_names_exists() {
    let root = root();
    let page = |name: &str| fs::read_to_string(root.join("docs/src").join(name)).expect(name);
    let text = page("safety.md") + "\n\n" + &page("threats.md");
    let mut count = 0;
    for item in text.split("\n- `").skip(1) {
        let (item, _) = item.split_once("\n\n").unwrap_or((item, ""));
        let (file, tests) = item.split_once("`:").expect("a file and its tests");
        let source = fs::read_to_string(root.join(file)).expect(file);
        for test in tests.split('`').skip(1).step_by(2) {
            assert!(
                source.contains(&format!("fn {test}(")),
                "no {test} in {file}"
            );
            count += 1;
        }
    }
    assert!(count > 50, "only {count} tests are named");
}
