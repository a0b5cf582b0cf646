//! The alerts ask for metrics, labels and values that exist.

use leasehold::{Config, Mode};
use promql_parser::label::Matchers;
use promql_parser::parser::{self, Expr};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

const FILE: &str = include_str!("../../examples/prometheus/alerts.yaml");

#[test]
fn each_alert_asks_for_a_metric_that_an_election_has() {
    let metrics = metrics();
    let mut names = Vec::new();
    for expression in expressions() {
        for selector in selectors(&expression) {
            names.push(selector.name.clone());
            assert!(metrics.contains(&selector.name), "{expression}");
            for label in selector.matchers.matchers {
                for value in label.value.split('|') {
                    let series = format!("{}=\"{value}\"", label.name);
                    assert!(metrics.contains(&series), "no {series} for {expression}");
                }
            }
        }
    }
    assert_eq!(names.len(), 4, "{names:?}");
}

/// What an election says from its start, so that each increase can be seen.
fn metrics() -> String {
    let election = Config::new("jobs")
        .mode(Mode::Always)
        .start()
        .expect("an election");
    let metrics = election.metrics();
    election.stop().expect("its end");
    metrics
}

fn expressions() -> Vec<String> {
    let file: Value = serde_saphyr::from_str(FILE).expect("YAML");
    let rules = file["groups"][0]["rules"].as_array().expect("rules");
    let text = |rule: &Value| rule["expr"].as_str().expect("an expression").to_owned();
    rules.iter().map(text).collect()
}

struct Selector {
    name: String,
    matchers: Matchers,
}

/// Which series `expression` reads.
fn selectors(expression: &str) -> Vec<Selector> {
    struct Collect(Vec<Selector>);
    impl ExprVisitor for Collect {
        type Error = ();
        fn pre_visit(&mut self, expression: &Expr) -> Result<bool, ()> {
            let selector = match expression {
                Expr::VectorSelector(selector) => selector,
                Expr::MatrixSelector(range) => &range.vs,
                _ => return Ok(true),
            };
            self.0.push(Selector {
                name: selector.name.clone().expect("a name"),
                matchers: selector.matchers.clone(),
            });
            Ok(true)
        }
    }
    let parsed = parser::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut collect = Collect(Vec::new());
    walk_expr(&mut collect, &parsed).expect("a visit");
    collect.0
}
